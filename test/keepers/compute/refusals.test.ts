import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { type ComputeSession, createComputeClient } from "../../../keepers/compute/client.ts";
import { ReceiptJournal } from "../../../keepers/compute/receiptJournal.ts";
import { bodyDigest } from "../../../keepers/compute/receipts.ts";
import { encodeTensors, type Tensor } from "../../../keepers/compute/tensors.ts";
import { signVoucher } from "../../../keepers/compute/vouchers.ts";
import { HEADERS, receiptFromHeader, toHeader, toWire } from "../../../keepers/compute/wire.ts";
import { HttpError } from "../../../keepers/runtime/http/errors.ts";
import { createSignedClient } from "../../../keepers/runtime/http/signedClient.ts";
import { signRequest } from "../../../keepers/runtime/http/signedRequest.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import {
  digitsBatch,
  orderFor,
  providerOptions,
  startProviderIn,
  startUserIn,
  type TestUser,
  UNIT_PRICE,
} from "./cast.ts";
import { openKeeper, ready, setupFor, type TestKeeper } from "./keepers.ts";
import { type Market, startMarket } from "./market.ts";

use(chaiAsPromised);

describe("a provider refuses", function () {
  this.timeout(120_000);
  let market: Market;
  let provider: TestKeeper;
  let user: TestUser;
  let session: ComputeSession;
  const keepers: TestKeeper[] = [];

  before(async () => {
    market = await startMarket();
    provider = await startProviderIn(market, "provider", { ...providerOptions(market), maxUnpaidUnits: 20n });
    user = await startUserIn(market, "user");
    keepers.push(provider, user.keeper);
    await ready(provider.url);
    session = await user.client.open(orderFor(market));
  });

  after(async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await market.stop();
  });

  const place = () => ({ chainId: 31337, sessions: market.contracts.addresses.Sessions });

  /** Sends to the provider as `user` would, but with what the test wants; the provider's code when it refuses. */
  async function post(
    path: string,
    body: Uint8Array | string,
    headers: Record<string, string>,
    by = user.keeper,
  ) {
    const { http, signer, chainId } = by.context;
    const client = createSignedClient(http, signer, chainId);
    return client.request(provider.context.signer.address, provider.url + path, {
      method: "POST",
      body,
      headers,
    });
  }

  /** Root over the receipts that the client holds of a session. */
  async function rootOf(of: bigint): Promise<string> {
    const store = user.keeper.context.store.under("compute-client/");
    return (await ReceiptJournal.open(store, place(), of)).sums.root;
  }

  async function codeOf(answer: Promise<unknown>): Promise<string> {
    try {
      await answer;
      return "accepted";
    } catch (error) {
      if (error instanceof HttpError) return error.problem?.code ?? error.code;
      throw error;
    }
  }

  const inferHeaders = (index: bigint, of = session.id) => ({
    "content-type": "application/octet-stream",
    [HEADERS.session]: of.toString(),
    [HEADERS.index]: index.toString(),
  });

  describe("requests:", () => {
    const bad: [string, Tensor, string][] = [
      ["NaN", { ...digitsBatch(0, 1), data: new Float32Array(64).fill(Number.NaN) }, "compute/invalid-input"],
      ["another shape", { ...digitsBatch(0, 2), dims: [1, 128] }, "compute/invalid-input"],
      ["another name", { ...digitsBatch(0, 1), name: "image" }, "compute/invalid-input"],
      [
        "another type",
        { name: "pixels", dtype: "uint8", dims: [1, 64], data: new Uint8Array(64) },
        "compute/invalid-input",
      ],
    ];
    for (const [what, tensor, code] of bad) {
      it(`refuses ${what} and charges nothing`, async () => {
        const before = await session.progress();
        await expect(session.infer([tensor])).to.be.rejected.and.eventually.include({ code, retry: false });
        expect(await session.progress()).to.deep.equal(before);
        await session.infer([digitsBatch(0, 1)]);
        expect((await session.progress()).receipts).to.equal(before.receipts + 1n);
      });
    }

    it("refuses garbage for tensors, headers and paths", async () => {
      const { receipts } = await session.progress();
      const garbage = Uint8Array.of(1, 2, 3);
      expect(await codeOf(post("/v1/infer", garbage, inferHeaders(receipts)))).to.equal(
        "compute/invalid-tensors",
      );
      const headers = inferHeaders(receipts);
      const request = encodeTensors([digitsBatch(0, 1)]);
      const with_ = (changed: Record<string, string>) =>
        codeOf(post("/v1/infer", request, { ...headers, ...changed }));
      expect(await with_({ [HEADERS.session]: "one" })).to.equal("compute/invalid-number");
      expect(await with_({ [HEADERS.index]: "-1" })).to.equal("compute/invalid-number");
      expect(await with_({ [HEADERS.session]: "99999999999999999999" })).to.equal("compute/invalid-number");
      expect(await with_({ [HEADERS.voucher]: "garbage" })).to.equal("compute/invalid-voucher");
      expect(await with_({ [HEADERS.session]: "424242" })).to.equal("compute/unknown-session");
      const json = { "content-type": "application/json" };
      expect(await codeOf(post("/v1/vouchers", "{}", json))).to.equal("compute/invalid-voucher");
      expect(await codeOf(post("/v1/sessions/x/finish", "{}", json))).to.equal("compute/invalid-number");
    });

    it("answers the next index only, and a known one only to the same request, with the same answer", async () => {
      const { receipts } = await session.progress();
      const request = encodeTensors([digitsBatch(3, 2)]);
      const ask = (index: bigint, body = request) => post("/v1/infer", body, inferHeaders(index));
      expect(await codeOf(ask(receipts + 1n))).to.equal("compute/wrong-index");
      const other = encodeTensors([digitsBatch(5, 2)]);
      expect(await codeOf(ask(receipts - 1n, other))).to.equal("compute/index-conflict");
      await session.infer([digitsBatch(3, 2)]);
      const [one, two] = await Promise.all([ask(receipts), ask(receipts)]);
      expect(two.body).to.deep.equal(one.body);
      expect(two.headers[HEADERS.receipt]).to.equal(one.headers[HEADERS.receipt]);
      expect(receiptFromHeader(one.headers[HEADERS.receipt]).receipt.index).to.equal(receipts);
    });

    it("serves nobody but the session's own key", async () => {
      const stranger = await openKeeper(await setupFor("stranger", await market.account(), market));
      keepers.push(stranger);
      const request = encodeTensors([digitsBatch(0, 1)]);
      const { receipts } = await session.progress();
      expect(await codeOf(post("/v1/infer", request, inferHeaders(receipts), stranger))).to.equal(
        "compute/forbidden",
      );
      const finish = post(
        `/v1/sessions/${session.id}/finish`,
        "{}",
        { "content-type": "application/json" },
        stranger,
      );
      expect(await codeOf(finish)).to.equal("compute/forbidden");
      const { http, signer, chainId } = stranger.context;
      const evidence = `${provider.url}/v1/audits/1/0/request`;
      const asked = createSignedClient(http, signer, chainId).request(
        provider.context.signer.address,
        evidence,
      );
      expect(await codeOf(asked)).to.equal("compute/unknown-audit");
    });

    it("refuses a request that is unsigned, replayed, expired, or signed for another server", async () => {
      const { context } = user.keeper;
      const body = encodeTensors([digitsBatch(0, 1)]);
      const { receipts } = await session.progress();
      const url = `${provider.url}/v1/infer`;
      const audience = provider.context.signer.address;
      const sign = (changed: object) =>
        signRequest(context.signer, {
          chainId: context.chainId,
          audience,
          method: "POST",
          url,
          body,
          ...changed,
        });
      const send = (authorization?: string) =>
        codeOf(
          context.http.request(url, {
            method: "POST",
            body,
            headers: { ...inferHeaders(receipts), ...(authorization === undefined ? {} : { authorization }) },
          }),
        );
      expect(await send()).to.equal("http/unsigned");
      expect(await send(await sign({ audience: context.signer.address }))).to.equal("http/wrong-audience");
      expect(await send(await sign({ issuedAt: Math.floor(Date.now() / 1000) - 600 }))).to.equal(
        "http/expired",
      );
      expect(await send(await sign({ body: "another" }))).to.equal("http/bad-signature");
      const used = await sign({});
      expect(await send(used)).to.equal("accepted");
      expect(await send(used)).to.equal("http/replayed");
      expect((await createComputeClient(context).resume(session.id)).id).to.equal(session.id);
      // The client asks that index again and gets the answer that was given to the hand-made request.
      await session.infer([digitsBatch(0, 1)]);
    });

    it("stops at the budget, in the client and at the provider's door", async () => {
      const small = await user.client.open({ ...orderFor(market), budget: UNIT_PRICE * 3n });
      await expect(small.infer([digitsBatch(0, 4)])).to.be.rejected.and.eventually.include({
        code: "compute/over-budget",
      });
      const four = encodeTensors([digitsBatch(0, 4)]);
      expect(await codeOf(post("/v1/infer", four, inferHeaders(0n, small.id)))).to.equal(
        "compute/over-budget",
      );
      await small.infer([digitsBatch(0, 3)]);
      await expect(small.infer([digitsBatch(0, 1)])).to.be.rejected.and.eventually.include({
        code: "compute/over-budget",
      });
    });
  });

  describe("vouchers:", () => {
    it("refuses one of another session, over other sums, or by another key", async () => {
      const { context } = user.keeper;
      const { receipts, amount } = await session.progress();
      const honest = { session: session.id, amount, receipts, receiptsRoot: bodyDigest(new Uint8Array()) };
      const send = async (changed: object, signer = context.signer) => {
        const voucher = await signVoucher(signer, place(), { ...honest, ...changed });
        const request = encodeTensors([digitsBatch(0, 1)]);
        return codeOf(
          post("/v1/infer", request, { ...inferHeaders(receipts), [HEADERS.voucher]: toHeader(voucher) }),
        );
      };
      const other = await user.client.open(orderFor(market));
      expect(await send({ session: other.id })).to.equal("compute/wrong-session");
      expect(await send({})).to.equal("compute/voucher-mismatch");
      expect(await send({ receipts: receipts + 1n })).to.equal("compute/voucher-mismatch");
      const root = await rootOf(session.id);
      expect(await send({ receiptsRoot: root, amount: amount - 1n })).to.equal("compute/voucher-mismatch");
      expect(await send({ receiptsRoot: root }, createMemorySigner())).to.equal("compute/bad-signature");
      expect(await session.progress()).to.deep.include({ receipts });
      expect(await send({ receiptsRoot: root })).to.equal("accepted");
    });

    it("wants one before it goes on after too many unpaid units", async () => {
      const fresh = await user.client.open(orderFor(market));
      const request = encodeTensors([digitsBatch(0, 21)]);
      await post("/v1/infer", request, inferHeaders(0n, fresh.id));
      expect(await codeOf(post("/v1/infer", request, inferHeaders(1n, fresh.id)))).to.equal(
        "compute/voucher-required",
      );
      // The client takes up index 0 by asking the same, and sends its voucher with the next request.
      await fresh.infer([digitsBatch(0, 21)]);
      await fresh.infer([digitsBatch(30, 21)]);
      expect((await fresh.progress()).units).to.equal(42n);
    });
  });

  it("takes no requests after the client has said that it is finished", async () => {
    const done = await user.client.open(orderFor(market));
    await done.infer([digitsBatch(0, 1)]);
    await post(`/v1/sessions/${done.id}/finish`, toWire({}), { "content-type": "application/json" });
    await expect(done.infer([digitsBatch(0, 1)])).to.be.rejected.and.eventually.include({
      code: "compute/session-closing",
    });
  });

  it("takes no requests after the session has expired", async () => {
    const short = await user.client.open({ ...orderFor(market), duration: 60 });
    await short.infer([digitsBatch(0, 1)]);
    await market.pass(61);
    await expect(short.infer([digitsBatch(0, 1)])).to.be.rejected.and.eventually.satisfy(
      ({ code }: { code: string }) => ["compute/session-expired", "compute/session-closing"].includes(code),
    );
  });
});
