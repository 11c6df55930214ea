import { expect } from "chai";
import fc from "fast-check";
import type { EncodedSegment } from "../../../../keepers/coding/codec.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { signRequest } from "../../../../keepers/runtime/http/signedRequest.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { elementsOf, setOf, slotOfStrip } from "../../../../keepers/storage/format/placement.ts";
import { readReceipt } from "../../../../keepers/storage/format/receipts.ts";
import {
  encodeHead,
  encodeUpload,
  MAX_UPLOAD_BYTES,
} from "../../../../keepers/storage/format/segmentFormat.ts";
import { stripBytes, stripOf, writeStrip } from "../../../../keepers/storage/format/stripFormat.ts";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const BINARY = "application/octet-stream";

describe("storage: node", () => {
  let network: StorageNetwork;
  let setup: NodeSetup;
  let node: KeeperContext;
  let client: KeeperContext;
  let member: CommitteeMember;
  let api: MemberApi;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    await network.fund(1);
    await network.fund(2);
    setup = await network.setup(1);
    node = await network.startNode(setup);
    await network.startNode(await network.setup(2));
    client = await network.openClient(CLIENT);
    member = await memberOf(node);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
  });

  after(() => network.stop());

  const put = (commitment: Uint8Array, body: Uint8Array) => api.putSegment(member, commitment, body, signal);
  const uploadOf = (segment: EncodedSegment) => encodeUpload(segment, stripsFor(member, segment.commitment));
  const usedBytes = async (): Promise<number> => {
    const { body } = await client.http.request(`${node.publicUrl}/status`);
    return JSON.parse(Buffer.from(body).toString("utf8")).storage.usedBytes;
  };

  it("keeps the strips of its slots, signs for exactly them, and serves them", async () => {
    const segment = await randomSegment(network.codec);
    const { commitment, shape } = segment;
    const numbers = stripsFor(member, commitment);
    const answer = await put(commitment, uploadOf(segment));
    const scope = { chainId: node.chainId, committee: network.address("Committees") };
    const receipt = readReceipt(answer, scope, { commitment, shape, signer: node.signer.address });
    expect(receipt.slots).to.equal(member.slots);
    const head = await api.head(member, commitment, signal);
    expect(Buffer.from(encodeHead(head)).equals(encodeHead(segment))).to.equal(true);
    const { held, strips } = await api.strips(member, commitment, shape, numbers.slice(0, 5), signal);
    expect(held).to.equal(setOf(numbers));
    expect(strips.map(({ number }) => number)).to.deep.equal(numbers.slice(0, 5));
    for (const strip of strips) {
      const original = stripOf(segment, strip.number);
      expect(Buffer.from(strip.rows).equals(original.rows)).to.equal(true);
      expect(Buffer.from(strip.path).equals(original.path)).to.equal(true);
    }
    segment.release();
  });

  it("takes strips in parts and again, and signs for all that it holds", async () => {
    const segment = await randomSegment(network.codec);
    const { commitment, shape } = segment;
    const numbers = stripsFor(member, commitment);
    const scope = { chainId: node.chainId, committee: network.address("Committees") };
    const slotsAfter = async (part: number[]) => {
      const answer = await put(commitment, encodeUpload(segment, part));
      return readReceipt(answer, scope, { commitment, shape, signer: node.signer.address }).slots;
    };
    const slotsOfStrips = (part: number[]) => setOf(part.map((number) => slotOfStrip(number, commitment)));
    expect(await slotsAfter(numbers.slice(0, 3))).to.equal(slotsOfStrips(numbers.slice(0, 3)));
    expect(await slotsAfter(numbers.slice(2, 5))).to.equal(slotsOfStrips(numbers.slice(0, 5)));
    const used = await usedBytes();
    expect(await slotsAfter(numbers.slice(0, 5))).to.equal(slotsOfStrips(numbers.slice(0, 5)));
    expect(await usedBytes()).to.equal(used);
    segment.release();
  });

  it("refuses a body with any byte changed, and keeps nothing of it", async () => {
    const segment = await randomSegment(network.codec);
    const body = encodeUpload(segment, stripsFor(member, segment.commitment).slice(0, 4));
    const used = await usedBytes();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(body.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (position, change) => {
          const changed = Uint8Array.from(body);
          changed[position]! ^= change;
          expect(await refusalOf(put(segment.commitment, changed))).to.match(/^4\d\d (storage|coding)\//);
        },
      ),
      {
        numRuns: 60,
        examples: [
          [0, 1],
          [52, 1],
          [20, 128],
          [body.length - 1, 1],
        ],
      },
    );
    expect(await usedBytes()).to.equal(used);
    expect(await refusalOf(api.head(member, segment.commitment, signal))).to.equal("404 storage/not-found");
    segment.release();
  });

  it("refuses truncated, padded, empty, repeated, disordered and foreign strips", async () => {
    const segment = await randomSegment(network.codec);
    const other = await randomSegment(network.codec);
    const { commitment, shape } = segment;
    const numbers = stripsFor(member, commitment);
    const body = uploadOf(segment);
    const headBytes = encodeHead(segment).length;
    const each = stripBytes(shape);
    const withStrips = (...strips: Uint8Array[]) =>
      Buffer.concat([body.subarray(0, headBytes), Buffer.of(0, strips.length), ...strips]);
    const stripAt = (i: number) => body.subarray(headBytes + 2 + i * each, headBytes + 2 + (i + 1) * each);
    const renumbered = Buffer.from(stripAt(0));
    renumbered.writeUInt16BE(numbers[1]!, 0);
    const ofOther = Buffer.alloc(each);
    writeStrip(stripOf(other, numbers[0]!), ofOther, 0);
    const foreign = elementsOf(~member.slots & ((1n << 256n) - 1n)).map(
      (slot) => (slot - commitment[0]! + 256) % 256,
    );
    const cases: [string, Uint8Array, string][] = [
      ["nothing", Buffer.alloc(0), "400 storage/bad-segment"],
      ["half a head", body.subarray(0, 1000), "400 storage/bad-segment"],
      ["a head alone", body.subarray(0, headBytes), "400 storage/bad-segment"],
      ["no strips", withStrips(), "400 storage/bad-segment"],
      ["a strip cut short", body.subarray(0, body.length - 1), "400 storage/bad-strips"],
      ["a byte too many", Buffer.concat([body, Buffer.of(0)]), "400 storage/bad-strips"],
      ["the same strip twice", withStrips(stripAt(0), stripAt(0)), "400 storage/bad-strips"],
      ["strips out of order", withStrips(stripAt(1), stripAt(0)), "400 storage/bad-strips"],
      ["a strip under another number", withStrips(renumbered), "400 coding/row-refused"],
      ["a strip of another segment", withStrips(ofOther), "400 coding/row-refused"],
      [
        "a strip of another member's slot",
        encodeUpload(segment, foreign.slice(0, 1)),
        "403 storage/not-my-slot",
      ],
    ];
    for (const [what, changed, expected] of cases) {
      expect(await refusalOf(put(commitment, changed)), what).to.equal(expected);
    }
    expect(await refusalOf(put(other.commitment, body)), "another commitment").to.match(/^40[03] /);
    expect(await refusalOf(put(commitment, Buffer.alloc(MAX_UPLOAD_BYTES + 1)))).to.equal(
      "413 http/body-too-large",
    );
    expect(await refusalOf(api.head(member, commitment, signal))).to.equal("404 storage/not-found");
    segment.release();
    other.release();
  });

  it("hears only requests that are signed for it, for this path, now and once", async () => {
    const segment = await randomSegment(network.codec);
    const body = uploadOf(segment);
    const url = `${node.publicUrl}/segments/${nameOf(segment.commitment)}`;
    const base = { chainId: node.chainId, audience: node.signer.address, method: "PUT", url };
    const send = (authorization: string | undefined, target = url) =>
      client.http.request(target, {
        method: "PUT",
        body,
        headers: { "content-type": BINARY, ...(authorization === undefined ? {} : { authorization }) },
      });
    const sign = (change: Partial<typeof base> & { issuedAt?: number } = {}) =>
      signRequest(client.signer, { ...base, ...change });
    const now = Math.floor(Date.now() / 1000);
    expect(await refusalOf(send(undefined))).to.equal("401 http/unsigned");
    expect(await refusalOf(send(await sign({ issuedAt: now - 3600 })))).to.equal("401 http/expired");
    expect(await refusalOf(send(await sign({ issuedAt: now + 3600 })))).to.equal("401 http/expired");
    expect(await refusalOf(send(await sign({ audience: network.wallet(2).address })))).to.equal(
      "401 http/wrong-audience",
    );
    expect(await refusalOf(send(await sign({ chainId: 1 })))).to.equal("401 http/bad-signature");
    expect(await refusalOf(send(await sign({ method: "GET" })))).to.equal("401 http/bad-signature");
    expect(
      await refusalOf(send(await sign({ url: `${node.publicUrl}/segments/${"0".repeat(64)}` }))),
    ).to.equal("401 http/bad-signature");
    const good = await sign();
    expect(await refusalOf(send(good))).to.equal("none");
    expect(await refusalOf(send(good))).to.equal("401 http/replayed");
    segment.release();
  });

  it("takes no name but 64 lower-case hex digits", async () => {
    const names = [
      "..%2f..%2f..%2fetc%2fpasswd",
      "%2e%2e",
      `0x${"0".repeat(62)}`,
      "A".repeat(64),
      "0".repeat(63),
      "0".repeat(65),
      `${"0".repeat(62)}%00`,
    ];
    for (const name of names) {
      for (const kind of ["segments", "objects"]) {
        const url = `${node.publicUrl}/${kind}/${name}`;
        expect(await refusalOf(client.http.request(url)), url).to.match(
          /^40[04] (storage\/bad-name|http\/not-found)$/,
        );
        const authorization = await signRequest(client.signer, {
          ...{ chainId: node.chainId, audience: node.signer.address, method: "PUT", url },
        });
        const request = client.http.request(url, {
          ...{ method: "PUT", body: Buffer.alloc(100), headers: { authorization, "content-type": BINARY } },
        });
        expect(await refusalOf(request), url).to.match(/^40[04] (storage\/bad-name|http\/not-found)$/);
      }
    }
  });

  it("takes no list of strips but numbers below 256, and answers within its bound", async () => {
    const segment = await randomSegment(network.codec);
    await put(segment.commitment, uploadOf(segment));
    const url = `${node.publicUrl}/segments/${nameOf(segment.commitment)}/strips`;
    for (const numbers of ["256", "-1", "1,,2", "a", "1;2", `${"1,".repeat(600)}1`, "1&numbers=2"]) {
      expect(await refusalOf(client.http.request(`${url}?numbers=${numbers}`)), numbers).to.equal(
        "400 storage/bad-numbers",
      );
    }
    const none = await api.strips(member, segment.commitment, segment.shape, [], signal);
    expect(none.strips).to.deep.equal([]);
    expect(none.held).to.equal(setOf(stripsFor(member, segment.commitment)));
    const { body } = await client.http.request(url);
    expect(body.length).to.equal(34 + 32 * stripBytes(segment.shape));
    segment.release();
  });
});
