import { expect } from "chai";
import fc from "fast-check";
import { type Move, moves, perform, type World, windDown } from "./adversary.ts";
import {
  ClaimState,
  deployMarket,
  type Market,
  MYC,
  networkHelpers,
  SessionState,
  setParameter,
} from "./market.ts";

const { loadFixture } = networkHelpers;

async function freshWorld(): Promise<World> {
  const market = await loadFixture(deployMarket);
  const users = [market.user, market.rival];
  await setParameter(market, "sessions.disputeWindow", 60n);
  await market.ledger.connect(market.rival).deposit(market.rival.address, 500n * MYC);
  await market.ledger.connect(market.rival).authorise(market.sessions, true);
  return { market, users, conversations: [], claims: 0n, committed: new Map(), done: new Map() };
}

async function sum(amounts: readonly Promise<bigint>[]): Promise<bigint> {
  return (await Promise.all(amounts)).reduce((total, amount) => total + amount, 0n);
}

/** What sessions and claims say is locked of each user and reserved of the provider. */
async function recorded({ market, conversations, claims }: World) {
  const locked = new Map<string, bigint>();
  let reserved = 0n;
  const lock = (user: string, amount: bigint) => locked.set(user, (locked.get(user) ?? 0n) + amount);
  for (let id = 1n; id <= BigInt(conversations.length); id++) {
    const session = await market.sessions.get(id);
    if (session.state !== SessionState.Closed) {
      lock(session.user, session.budget - session.amount);
      reserved += session.budget;
    } else if (session.openClaim !== 0n) {
      reserved += (await market.sessions.claimOf(session.openClaim)).amount;
    }
  }
  for (let id = 1n; id <= claims; id++) {
    const claim = await market.sessions.claimOf(id);
    if (claim.state !== ClaimState.Auditing && claim.state !== ClaimState.Free) continue;
    lock((await market.sessions.get(claim.session)).user, claim.amount - claim.tip);
  }
  return { locked, reserved };
}

/** LEDGER-4: the ledger holds what it owes, and its locks are what sessions and claims say. */
async function ledgerAddsUp(world: World): Promise<void> {
  const { market, users } = world;
  const { ledger, sessions, token, services, provider } = market;
  const { locked, reserved } = await recorded(world);
  for (const { address } of users) {
    expect(await ledger.lockedOf(sessions, address), "locked").to.equal(locked.get(address) ?? 0n);
  }
  const accounts = [...users, provider, ...market.verifiers].map(({ address }) => address);
  const owed = await sum([
    ...accounts.map((account) => ledger.balanceOf(account)),
    ...users.map(({ address }) => ledger.lockedOf(sessions, address)),
  ]);
  expect(await ledger.totalHeld(), "held").to.equal(owed);
  expect(await token.balanceOf(ledger), "tokens in the ledger").to.equal(owed);
  expect(await services.reservedOf(provider.address), "reserved").to.equal(reserved);
}

/** LEDGER-5: no wei is made or lost. */
async function nothingIsLost({ token, ledger, bonds, beacon, sessions, treasury }: Market, all: string[]) {
  const places = await Promise.all(
    [ledger, bonds, beacon, sessions, treasury].map((place) => place.getAddress()),
  );
  const found = await sum([...places, ...all].map((place) => token.balanceOf(place)));
  expect(found, "all tokens").to.equal(await token.totalSupply());
  expect(await token.balanceOf(bonds), "tokens in bonds").to.equal(await bonds.totalHeld());
  expect(await token.balanceOf(beacon), "tokens in the beacon").to.equal(await beacon.totalHeld());
}

/** SESS-2: what a claim adds is divided without a rest. */
async function settlementsAddUp({ sessions }: Market): Promise<void> {
  for (const { args } of await sessions.queryFilter(sessions.filters.ClaimSettled())) {
    const { amount, tip } = await sessions.claimOf(args.id);
    expect(args.toOperator + args.toVerifiers + args.toTreasury + tip).to.equal(amount);
  }
}

/** LEDGER-6: every locked wei finds its way out. */
async function nothingIsLeft({ ledger, services, sessions, token, provider }: Market): Promise<void> {
  expect(await ledger.totalHeld(), "still in the ledger").to.equal(0n);
  expect(await services.reservedOf(provider.address), "still reserved").to.equal(0n);
  expect(await token.balanceOf(sessions), "still in Sessions").to.equal(0n);
}

/** One session in which each of the committee's seats does what its four bits of `mood` say. */
function story(mood: number, ...names: string[]): [Move[]] {
  return [["open", "claim", ...names, "settle", "close"].map((name) => ({ name, which: 0, mood }))];
}

// Random stories seldom find all of a committee of one mind against the operator, so each ending is also told once:
// honest, found out, and an operator that opens nothing.
const endings = [
  story(0x444, "advance", "advance", "wait"),
  story(0xddd, "advance", "advance"),
  story(0x444, "draw", "wait", "conclude"),
];

describe("The market, whatever anybody does", () => {
  it("adds up to the wei at every step, and lets everything go in the end (LEDGER-4 to LEDGER-6)", async () => {
    const reached = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const world = await freshWorld();
        const { market } = world;
        const people = [market.deployer, market.user, market.rival, market.provider, market.stranger];
        const all = [...people, ...market.crowd].map(({ address }) => address);
        for (const move of story) {
          await perform(world, move);
          await ledgerAddsUp(world);
          await nothingIsLost(market, all);
        }
        await windDown(world, [...people, ...market.crowd]);
        await settlementsAddUp(market);
        await nothingIsLost(market, all);
        await nothingIsLeft(market);
        for (const [name, times] of world.done) reached.set(name, (reached.get(name) ?? 0) + times);
        for (const { args } of await market.audits.queryFilter(market.audits.filters.AuditConcluded())) {
          const verdict = `verdict ${args.verdict}`;
          reached.set(verdict, (reached.get(verdict) ?? 0) + 1);
        }
      }),
      { numRuns: 8 + endings.length, endOnFailure: true, examples: endings },
    );
    // A handler that never gets anywhere proves nothing.
    for (const name of [
      "open",
      "claim",
      "advance",
      "conclude",
      "close",
      "settle",
      "verdict 1",
      "verdict 2",
    ]) {
      expect(reached.get(name) ?? 0, `${name} in ${JSON.stringify([...reached])}`).to.be.greaterThan(0);
    }
  }).timeout(600_000);
});
