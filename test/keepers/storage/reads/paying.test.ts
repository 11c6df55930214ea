import { expect } from "chai";
import { parseEther } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { FatalError, MyceliaError } from "../../../../keepers/runtime/errors.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { priceUp } from "../../../../keepers/storage/format/readVoucher.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { Adversary } from "../adversary.ts";
import { codeOfRejection } from "../codes.ts";
import { pointAt } from "../segments.ts";
import { countingByOrigin, MEMBERS, PATIENT, PaidNetwork } from "./paidNetwork.ts";

const STRANGER = 21;
const POOR = 22;
const CHEATED = 23;
const THRIFTY = 24;
const PENNILESS = 25;
const DAY = 86_400;

describe("storage: reads are paid for", () => {
  let paid: PaidNetwork;
  let stranger: KeeperContext;

  before(async () => {
    paid = await PaidNetwork.start([STRANGER, POOR, CHEATED, THRIFTY, PENNILESS]);
    stranger = await paid.network.openClient(STRANGER);
  });

  after(() => paid.network.stop());

  it("lets a stranger read for vouchers, pays each member what it sent, and gives the rest back", async () => {
    const { network, sessions, objectRoot, data } = paid;
    expect(await codeOfRejection(paid.client(stranger).get(objectRoot))).to.equal("storage/unavailable");

    const http = countingByOrigin(stranger.http);
    const reader = paid.client(stranger, http);
    const order = { budget: parseEther("1"), duration: DAY };
    const id = await reader.openReadSession(order, "first");
    expect(await reader.openReadSession(order, "first")).to.equal(id);
    expect(await paid.client(stranger).openReadSession(order, "first")).to.equal(id);
    const object = await reader.get(objectRoot);
    expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
    expect(object.report.blamed).to.deep.equal([]);

    const { price, expiresAt, claimBefore, budget } = await sessions.get(id);
    await paid.passTo(expiresAt);
    let all = 0n;
    for (const node of paid.nodes) {
      const bytes = http.received.get(node.publicUrl) ?? 0;
      const owed = priceUp(BigInt(bytes), price);
      expect(await paid.claimed(id, node.transactions.address, owed), node.publicUrl).to.equal(owed);
      all += owed;
    }
    expect(Number(all)).to.be.greaterThan(Number(priceUp(BigInt(data.length), price)));

    await paid.passTo(claimBefore + 1n);
    const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), network.chain.provider);
    const before = await token.balanceOf(stranger.transactions.address);
    expect(await reader.closeReadSession(id)).to.equal(budget - all);
    expect((await token.balanceOf(stranger.transactions.address)) - before).to.equal(budget - all);
  });

  it("goes on after a restart where it was, and stops when the budget is spent", async () => {
    const { objectRoot, data } = paid;
    const poor = await paid.network.openClient(POOR);
    const price = await priceOf(paid);
    // Enough for each member's part of one reading, not of many.
    const budget = BigInt(MEMBERS) * priceUp(BigInt(data.length / 3), price);
    const id = await paid.client(poor).openReadSession({ budget, duration: DAY }, "small");
    const again = await paid.client(poor, poor.http, [id]).get(objectRoot);
    expect(Buffer.from(await again.bytes()).equals(data)).to.equal(true);

    let failures: readonly { readonly code: string }[] = [];
    for (let readings = 0; readings < 8 && failures.length === 0; readings++) {
      try {
        const object = await paid.client(poor, poor.http, [id]).get(objectRoot);
        await object.bytes();
        expect(object.report.blamed).to.deep.equal([]);
      } catch (error) {
        if (!(error instanceof MyceliaError)) throw error;
        failures = error.details.failures as typeof failures;
      }
    }
    expect(failures.map(({ code }) => code)).to.include("storage/budget-exhausted");
    const { expiresAt, claimBefore } = await paid.sessions.get(id);
    await paid.passTo(expiresAt);
    await paid.passTo(claimBefore + 1n);
    const { claimed } = await paid.sessions.get(id);
    expect(claimed <= budget).to.equal(true);
    expect(await paid.client(poor).closeReadSession(id)).to.equal(budget - claimed);
  });

  it("opens a session once a member wants to be paid, and finds again what was ordered", async () => {
    const { network, objectRoot, data } = paid;
    const thrifty = await network.openClient(THRIFTY);
    const { codec } = network;
    const order = { budget: parseEther("1"), duration: DAY };
    const till = paid.client(thrifty);
    expect(await till.findReadSession(order, "late")).to.equal(undefined);
    const asked: number[] = [];
    const readSessionFor = async (committee: number): Promise<bigint> => {
      asked.push(committee);
      return await till.openReadSession({ ...order, committee }, "late");
    };
    const reader = createStorageClient({ ...thrifty, codec, limits: PATIENT, readSessionFor });
    expect(asked).to.deep.equal([]);
    const object = await reader.get(objectRoot);
    expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
    expect([...new Set(asked)]).to.deep.equal([0]);
    const id = await till.findReadSession(order, "late");
    if (id === undefined) throw new Error("the session was not found again");
    const signed = await till.signedInReadSession(id);
    const { price } = await paid.sessions.get(id);
    expect(signed >= priceUp(BigInt(data.length), price)).to.equal(true);
    expect(await till.signedInReadSession(id + 1_000n)).to.equal(0n);
  });

  it("says why no session could be opened, and blames nobody for it", async () => {
    const { codec } = paid.network;
    const readSessionFor = () => Promise.reject(new FatalError("test/no-money", "nothing to pay with"));
    const penniless = await paid.network.openClient(PENNILESS);
    const reader = createStorageClient({ ...penniless, codec, limits: PATIENT, readSessionFor });
    const refused = await reader.get(paid.objectRoot).catch((error: unknown) => error);
    if (!(refused instanceof MyceliaError)) throw new Error(`read without paying, or ${refused}`);
    expect(refused.details.blamed).to.deep.equal([]);
    const failures = refused.details.failures as readonly { readonly code: string }[];
    expect(new Set(failures.map(({ code }) => code))).to.deep.equal(new Set(["test/no-money"]));
  });

  it("says what is wrong with the reader's session, and blames nobody for it", async () => {
    const { objectRoot } = paid;
    const other = await paid.network.openClient(CHEATED, "other");
    const theirs = await paid.client(stranger).openReadSession({ budget: 1n, duration: DAY }, "tiny");
    for (const [id, code] of [
      [theirs, "storage/wrong-signer"],
      [10_000n, "storage/unknown-session"],
    ] as const) {
      const refused = await paid
        .client(other, other.http, [id])
        .get(objectRoot)
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      if (!(refused instanceof MyceliaError)) throw new Error(`read without paying, or ${refused}`);
      expect(refused.details.blamed).to.deep.equal([]);
      const failures = refused.details.failures as readonly { readonly code: string }[];
      expect(failures.map((failure) => failure.code)).to.include(code);
    }
  });

  it("blames a member that asks for more than it sent, and reads from others", async () => {
    const { objectRoot, data, nodes } = paid;
    const cheated = await paid.network.openClient(CHEATED);
    const [cheat] = nodes as [KeeperContext];
    const adversary = await Adversary.infrontOf(cheat.publicUrl);
    adversary.twistRefusal((_path, body) => overcharge(body));
    await pointAt(cheat, adversary.url);
    try {
      const reader = paid.client(cheated);
      await reader.openReadSession({ budget: parseEther("1"), duration: DAY }, "cheated");
      const blamed = new Set<string>();
      const object = await reader.get(objectRoot);
      expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
      for (const { code, operator } of object.report.blamed) blamed.add(`${operator} ${code}`);
      expect([...blamed]).to.deep.equal([`${cheat.transactions.address} storage/overcharged`]);
    } finally {
      await pointAt(cheat, cheat.publicUrl);
      await adversary.close();
    }
  });
});

/** A bill for ten times a segment more than was sent. */
function overcharge(body: Buffer): Buffer {
  const problem = JSON.parse(body.toString()) as { details?: { servedBytes?: number } };
  const served = problem.details?.servedBytes;
  if (problem.details === undefined || served === undefined) return body;
  problem.details.servedBytes = served + 40 * 1024 ** 2;
  return Buffer.from(JSON.stringify(problem));
}

async function priceOf({ network, sessions }: PaidNetwork): Promise<bigint> {
  const [event] = await sessions.queryFilter(sessions.filters.ReadSessionOpened());
  if (event === undefined) throw new Error(`no session on ${network.chain.url}`);
  return event.args.price;
}
