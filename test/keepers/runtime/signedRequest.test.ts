import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { Signature } from "ethers";
import fc from "fast-check";
import type { MyceliaError } from "../../../keepers/runtime/errors.ts";
import {
  createRequestVerifier,
  type ReceivedRequest,
} from "../../../keepers/runtime/http/requestVerifier.ts";
import {
  formatCredentials,
  parseCredentials,
  type RequestToSign,
  signRequest,
} from "../../../keepers/runtime/http/signedRequest.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";

use(chaiAsPromised);

const CHAIN = 31337;
const NOW = 1_800_000_000;
const caller = createMemorySigner();
const stranger = createMemorySigner();
const audience = createMemorySigner().address;
const body = Buffer.from("the body");

describe("signed requests", () => {
  let folder: string;
  let store: Store;
  let now: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signed-"));
    store = openLmdbStore(folder);
    now = NOW;
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const verifier = (chainId = CHAIN) => createRequestVerifier({ chainId, audience, store, now: () => now });

  async function signed(
    change: Partial<RequestToSign> = {},
  ): Promise<ReceivedRequest & { body: Uint8Array }> {
    const request = {
      chainId: CHAIN,
      audience,
      method: "POST",
      url: "/rows?x=1",
      body,
      issuedAt: NOW,
      ...change,
    };
    return { method: "POST", path: "/rows?x=1", body, authorization: await signRequest(caller, request) };
  }

  async function code(attempt: Promise<unknown>): Promise<string> {
    const error = await attempt.then(
      () => undefined,
      (caught: MyceliaError) => caught,
    );
    expect(error, "was accepted").not.equal(undefined);
    expect(error).include({ status: 401, retry: false });
    return error?.code ?? "";
  }

  it("gives the address that signed", async () => {
    expect(await verifier().verify(await signed())).equal(caller.address);
    expect(await verifier().verify(await signed({ url: "http://host:1/rows?x=1", method: "post" }))).equal(
      caller.address,
    );
  });

  it("round trip holds for any method, path and body (property)", async () => {
    const checker = verifier();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "PUT", "POST", "DELETE"),
        fc.webPath(),
        fc.option(fc.uint8Array({ maxLength: 2_000 }), { nil: undefined }),
        fc.integer({ min: -60, max: 60 }),
        async (method, rawPath, bytes, skew) => {
          const path = rawPath.startsWith("/") ? rawPath : `/${rawPath}`;
          const request = { chainId: CHAIN, audience, method, url: path, body: bytes, issuedAt: NOW + skew };
          const authorization = await signRequest(caller, request);
          expect(await checker.verify({ method, path, body: bytes, authorization })).equal(caller.address);
          expect(await code(checker.verify({ method, path, body: bytes, authorization }))).equal(
            "http/replayed",
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it("takes a request once, also after a restart and by another process of the same store", async () => {
    const request = await signed();
    await verifier().verify(request);
    expect(await code(verifier().verify(request))).equal("http/replayed");
    await store.close();
    store = openLmdbStore(folder);
    expect(await code(verifier().verify(request))).equal("http/replayed");
    expect(await verifier().verify(await signed())).equal(caller.address);
  });

  it("lets exactly one of many simultaneous copies pass", async () => {
    const request = await signed();
    const checker = verifier();
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => checker.verify(request)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).length(1);
  });

  it("is not fooled by another spelling of the same signature or credentials", async () => {
    const request = await signed();
    await verifier().verify(request);
    const credentials = parseCredentials(request.authorization);
    const upper = (hex: string) => `0x${hex.slice(2).toUpperCase()}`;
    const again = formatCredentials({
      ...credentials,
      nonce: upper(credentials.nonce),
      signer: credentials.signer.toLowerCase(),
      signature: upper(credentials.signature),
    });
    expect(await code(verifier().verify({ ...request, authorization: again }))).equal("http/replayed");
    const { r, s, v } = Signature.from(credentials.signature);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const twin = `${r}${(order - BigInt(s)).toString(16).padStart(64, "0")}${v === 27 ? "1c" : "1b"}`;
    const malleable = formatCredentials({ ...credentials, signature: twin });
    expect(await code(verifier().verify({ ...request, authorization: malleable }))).equal(
      "http/bad-signature",
    );
  });

  it("refuses what is too old or too new, and takes what is just inside", async () => {
    for (const skew of [-61, 61, -NOW]) {
      expect(await code(verifier().verify(await signed({ issuedAt: NOW + skew })))).equal("http/expired");
    }
    for (const skew of [-60, 60]) await verifier().verify(await signed({ issuedAt: NOW + skew }));
  });

  it("refuses a request meant for another server", async () => {
    expect(await code(verifier().verify(await signed({ audience: stranger.address })))).equal(
      "http/wrong-audience",
    );
    const request = await signed({ audience: stranger.address });
    const relabelled = formatCredentials({ ...parseCredentials(request.authorization), audience });
    expect(await code(verifier().verify({ ...request, authorization: relabelled }))).equal(
      "http/bad-signature",
    );
  });

  it("refuses any change of what was signed", async () => {
    const request = await signed();
    const credentials = parseCredentials(request.authorization);
    const changes: Partial<ReceivedRequest>[] = [
      { method: "PUT" },
      { path: "/rows?x=2" },
      { path: "/rows" },
      { path: "/rows?x=1&" },
      { body: Buffer.from("the bodY") },
      { body: Buffer.alloc(0) },
      { body: undefined },
      { authorization: formatCredentials({ ...credentials, issuedAt: NOW + 1 }) },
      { authorization: formatCredentials({ ...credentials, nonce: `0x${"11".repeat(32)}` }) },
      { authorization: formatCredentials({ ...credentials, signer: stranger.address }) },
    ];
    for (const change of changes) {
      expect(await code(verifier().verify({ ...request, ...change })), JSON.stringify(change)).equal(
        "http/bad-signature",
      );
    }
    expect(await code(verifier(CHAIN + 1).verify(request))).equal("http/bad-signature");
    // None of those attempts used the nonce up.
    expect(await verifier().verify(request)).equal(caller.address);
  });

  it("refuses every single-byte change of the signature", async () => {
    const request = await signed();
    const credentials = parseCredentials(request.authorization);
    const bytes = Buffer.from(credentials.signature.slice(2), "hex");
    const checker = verifier();
    for (let index = 0; index < bytes.length; index += 4) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 0x01;
      const authorization = formatCredentials({ ...credentials, signature: `0x${changed.toString("hex")}` });
      expect(await code(checker.verify({ ...request, authorization })), `byte ${index}`).equal(
        "http/bad-signature",
      );
    }
  });

  it("refuses requests without our header", async () => {
    for (const authorization of [undefined, "", "Bearer abc", "Basic bTpw", "mycelia abc", "Mycelia"]) {
      expect(await code(verifier().verify({ ...(await signed()), authorization }))).equal("http/unsigned");
    }
  });

  it("refuses garbage in our header", async () => {
    const good = parseCredentials((await signed()).authorization);
    const encode = (value: unknown) => `Mycelia ${Buffer.from(JSON.stringify(value)).toString("base64url")}`;
    const garbage = [
      "Mycelia ",
      "Mycelia !!!!",
      "Mycelia AAAA",
      `Mycelia ${"A".repeat(5_000)}`,
      encode(null),
      encode([]),
      encode("text"),
      encode({}),
      ...Object.keys(good).map((key) => encode({ ...good, [key]: undefined })),
      ...[-1, 1.5, "1800000000", 2 ** 60, null].map((issuedAt) => encode({ ...good, issuedAt })),
      ...["0x", "0xzz", good.nonce.slice(2), `${good.nonce}00`, 5].map((nonce) => encode({ ...good, nonce })),
      encode({ ...good, signature: "0x" }),
      encode({ ...good, signature: `0x${"00".repeat(65)}` }),
      encode({ ...good, signature: `0x${"ff".repeat(65)}` }),
    ];
    for (const authorization of garbage) {
      const refusal = await code(verifier().verify({ ...(await signed()), authorization }));
      expect(refusal, authorization.slice(0, 80)).equal("http/bad-signature");
    }
  });

  it("reads addresses in any case: a wrong checksum is no exception of another kind", async () => {
    const request = await signed();
    const good = parseCredentials(request.authorization);
    const flip = (hex: string) =>
      `0x${[...hex.slice(2)].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join("")}`;
    const authorization = formatCredentials({
      ...good,
      signer: flip(good.signer),
      audience: flip(good.audience),
    });
    expect(await verifier().verify({ ...request, authorization })).equal(caller.address);
  });

  it("never fails otherwise on any header (property)", async () => {
    const checker = verifier();
    const scheme = fc.constantFrom("Mycelia ", "");
    await fc.assert(
      fc.asyncProperty(scheme, fc.oneof(fc.string(), fc.base64String(), fc.json()), async (prefix, rest) => {
        const authorization = prefix + rest;
        expect(await code(checker.verify({ method: "GET", path: "/", authorization }))).match(
          /^http\/(unsigned|bad-signature)$/,
        );
      }),
    );
  });

  it("forgets nonces of requests that are refused as expired anyway, and no others", async () => {
    const checker = verifier();
    for (let count = 0; count < 63; count++) await checker.verify(await signed());
    const young = await signed({ issuedAt: NOW + 60 });
    now = NOW + 61;
    await checker.verify(young);
    const left: string[] = [];
    for await (const [key] of store.under("nonces/").scan({})) left.push(key);
    expect(left).length(1);
    expect(await code(checker.verify(young))).equal("http/replayed");
  }).timeout(20_000);
});
