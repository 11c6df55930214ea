import { expect } from "chai";
import { parseEther } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { HttpError } from "../../../../keepers/runtime/http/errors.ts";
import { signRequest } from "../../../../keepers/runtime/http/signedRequest.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { urlOf } from "../../../../keepers/storage/client/memberApi.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import {
  type CarriedVoucher,
  encodeVoucher,
  priceUp,
  signReadVoucher,
  VOUCHER_HEADER,
  voucherDigest,
} from "../../../../keepers/storage/format/readVoucher.ts";
import { kill } from "../network.ts";
import { memberOf } from "../segments.ts";
import { MEMBERS, PAID, PaidNetwork } from "./paidNetwork.ts";

const READER = 21;
const OTHER = 22;
const LATE = 9;
const DAY = 86_400;

describe("storage: vouchers that a node takes", () => {
  let paid: PaidNetwork;
  let reader: KeeperContext;
  let other: KeeperContext;
  let member: CommitteeMember;
  let id: bigint;
  let price: bigint;
  /** Price of a head, wei. */
  let due: bigint;

  const scope = () => ({
    chainId: paid.network.deployment.chainId,
    sessions: paid.network.address("ReadSessions"),
  });

  before(async () => {
    paid = await PaidNetwork.start([READER, OTHER]);
    reader = await paid.network.openClient(READER);
    other = await paid.network.openClient(OTHER);
    member = await memberOf(paid.nodes[0]!);
    id = await open(reader, "first");
    ({ price } = await paid.sessions.get(id));
    const bill = await refusal(reader, await voucher(reader, 0n));
    due = BigInt(/owes (\d+) wei/.exec(bill)?.[1] ?? 0);
  });

  after(() => paid.network.stop());

  const open = (by: KeeperContext, key: string, duration = DAY) =>
    paid.client(by).openReadSession({ budget: parseEther("1"), duration }, key);

  const voucher = (by: KeeperContext, amount: bigint, session = id, operator = member.operator) =>
    signReadVoucher(by.signer, scope(), { session, operator, amount });

  /** Reads a head with this voucher. */
  const read = async (by: KeeperContext, carried: CarriedVoucher | string, from = member) => {
    const url = urlOf(from, `segments/${nameOf(paid.commitment)}`);
    const what = { chainId: by.chainId, audience: from.signer, method: "GET", url };
    const authorization = await signRequest(by.signer, what);
    const header = typeof carried === "string" ? carried : encodeVoucher(carried);
    return (await by.http.request(url, { headers: { authorization, [VOUCHER_HEADER]: header } })).body;
  };

  /** Status, code and reason of a refusal. */
  const refusal = async (by: KeeperContext, carried: CarriedVoucher | string, from = member) => {
    try {
      await read(by, carried, from);
      return "none";
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const { reason } = (error.problem?.details ?? {}) as { reason?: string };
      return [error.status, error.problem?.code, reason ?? error.problem?.detail].join(" ");
    }
  };

  it("have the digest that the contract checks", async () => {
    const said = await paid.sessions.voucherDigest(id, member.operator, 77n);
    expect(voucherDigest(scope(), { session: id, operator: member.operator, amount: 77n })).to.equal(said);
  });

  it("are by the session's signer, for this member and of this session", async () => {
    const good = await voucher(reader, parseEther("0.01"));
    const forged = await voucher(other, parseEther("0.01"));
    expect(await refusal(reader, forged)).to.equal("403 storage/voucher-refused wrong-signature");
    const foreign = await voucher(reader, parseEther("0.01"), id, paid.nodes[1]!.transactions.address);
    expect(await refusal(reader, foreign)).to.equal("403 storage/voucher-refused wrong-signature");
    const second = await open(reader, "second");
    expect(await refusal(reader, { ...good, session: second })).to.equal(
      "403 storage/voucher-refused wrong-signature",
    );
    expect(await refusal(other, good)).to.equal("403 storage/voucher-refused wrong-reader");
    expect(await refusal(reader, await voucher(reader, 1n, 999n))).to.match(/^404 storage\/unknown-session/);
    expect(await refusal(reader, "7.1.0x")).to.match(/^400 storage\/bad-voucher/);
    const rich = await voucher(reader, parseEther("1") / BigInt(MEMBERS) + 1n);
    expect(await refusal(reader, rich)).to.match(/^402 storage\/budget-exhausted/);
  });

  it("cover the answer with all that came before; a lower or used one does not", async () => {
    expect(await refusal(reader, await voucher(reader, due - 1n))).to.match(/^402 storage\/payment-required/);
    const enough = await voucher(reader, due);
    const body = await read(reader, enough);
    expect(priceUp(BigInt(body.length), price)).to.equal(due);
    expect(await refusal(reader, enough)).to.match(/^402 storage\/payment-required/);
    const twice = priceUp(2n * BigInt(body.length), price);
    expect(await refusal(reader, await voucher(reader, twice))).to.equal("none");
  });

  it("pay nobody who came after the session was opened", async () => {
    await paid.network.fund(LATE);
    const late = await paid.network.startNode(await paid.network.setup(LATE), PAID);
    const seat = { ...member, operator: late.transactions.address, signer: late.signer.address };
    const there = { ...seat, endpoint: late.publicUrl };
    const signed = await voucher(reader, 1n, id, seat.operator);
    expect(await refusal(reader, signed, there)).to.equal("403 storage/voucher-refused not-seated");
  });

  it("are claimed before the session ends where much is owed", async () => {
    const budget = parseEther("16");
    const rich = await paid.client(reader).openReadSession({ budget, duration: DAY }, "rich");
    const amount = parseEther("1.5");
    await read(reader, await voucher(reader, amount, rich));
    expect(await paid.claimed(rich, member.operator, amount)).to.equal(amount);
    const higher = amount + parseEther("0.1");
    await read(reader, await voucher(reader, higher, rich));
    await paid.passTo((await paid.sessions.get(rich)).expiresAt);
    expect(await paid.claimed(rich, member.operator, higher)).to.equal(higher);
  });

  it("outlive a node that is killed, which claims them when it is back", async () => {
    const index = 2;
    const node = paid.nodes[index - 1]!;
    await node.closers.closeAll();
    const setup = await paid.network.setup(index, Number(new URL(node.publicUrl).port));
    const child = await paid.network.spawnNode(setup, PAID);
    const { publicUrl: endpoint, signer, transactions } = node;
    const from = { ...member, endpoint, signer: signer.address, operator: transactions.address };
    const session = await open(reader, "third");
    const amount = priceUp(1_000_000n, price);
    await read(reader, await voucher(reader, amount, session, from.operator), from);
    await kill(child);
    await paid.network.spawnNode(setup, PAID);
    const { expiresAt } = await paid.sessions.get(session);
    await paid.passTo(expiresAt);
    expect(await paid.claimed(session, from.operator, amount)).to.equal(amount);
    const after = await voucher(reader, amount, session, from.operator);
    expect(await refusal(reader, after, from)).to.match(/^403 storage\/voucher-refused expired/);
  });
});
