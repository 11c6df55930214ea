import { id } from "ethers";
import fc from "fast-check";
import { type Exchange, exchangesOf, orderOf, signVoucher, voucherOver } from "./conversation.ts";
import { commitAs, committeeOf, fulfil, openDrawn, revealAs, truth, unsealDrawn } from "./courtroom.ts";
import { ClaimState, type Market, MYC, networkHelpers, type Signer, Stage } from "./market.ts";

/** A market in which everybody does what the numbers say, in any order, in turn or out of it. */
export interface World {
  readonly market: Market;
  readonly users: readonly Signer[];
  /** Conversation of each session, by session id minus one. */
  readonly conversations: { readonly exchanges: Exchange[]; readonly user: Signer }[];
  /** Claim ids run from 1 to this. */
  claims: bigint;
  /** What each seat has committed to, by claim, round and address. */
  readonly committed: Map<string, string[]>;
  /** Moves that the contracts let pass, by name. */
  readonly done: Map<string, number>;
}

export interface Move {
  readonly name: string;
  readonly which: number;
  readonly mood: number;
}

type Act = (world: World, which: number, mood: number) => Promise<unknown>;

const acts: Record<string, Act> = {
  async open({ market, users, conversations }, which, mood) {
    const user = users[which % users.length]!;
    const budget = BigInt((mood % 300) + 1) * MYC;
    const order = orderOf(market, { budget, duration: 60 + (mood % 4_000) });
    await market.sessions.connect(user).open(order);
    conversations.push({ user, exchanges: [] });
  },
  async claim(world, which, mood) {
    const { market, conversations } = world;
    if (conversations.length === 0) return;
    const session = which % conversations.length;
    const { exchanges, user } = conversations[session]!;
    const { unitPrice } = await market.sessions.get(session + 1);
    const units = 1n + BigInt(mood % 900);
    const count = exchanges.length + (mood % 9) + 1;
    const next = exchangesOf(market, BigInt(session + 1), count, { price: units * unitPrice }, units);
    const all = [...exchanges, ...next.slice(exchanges.length)];
    const voucher = await voucherOver(market, all);
    await market.sessions.connect(market.provider).claim(voucher, await signVoucher(market, voucher, user));
    exchanges.push(...all.slice(exchanges.length));
    world.claims++;
  },
  async draw({ market, claims }, which) {
    const claim = pick(claims, which);
    await fulfil(market, claim);
    await market.audits.begin(claim);
  },
  async begin({ market, claims }, which) {
    await market.audits.begin(pick(claims, which));
  },
  async loseDraws() {
    await networkHelpers.mine(300);
  },
  async operate({ market, claims, conversations }, which) {
    const claim = pick(claims, which);
    const { session } = await market.sessions.claimOf(claim);
    const { exchanges } = conversations[Number(session) - 1]!;
    const { stage } = await market.audits.get(claim);
    if (stage === Stage.Opening) await openDrawn(market, claim, exchanges);
    else await unsealDrawn(market, claim, exchanges);
  },
  async judge(world, which, mood) {
    const { market, claims, conversations, committed } = world;
    const claim = pick(claims, which);
    const { session } = await market.sessions.claimOf(claim);
    const right = await truth(market, claim, conversations[Number(session) - 1]!.exchanges);
    const { stage, round } = await market.audits.get(claim);
    if (stage !== Stage.Committing && stage !== Stage.Revealing) return;
    const withheld = await market.audits.WITHHELD();
    for (const [i, seat] of (await committeeOf(market, claim)).entries()) {
      // Four bits a seat: mostly right, else another answer, not served, or away.
      const manner = (mood >> (4 * i)) & 15;
      if (manner === 15) continue;
      const key = `${claim}/${round}/${seat.address}`;
      const answers =
        manner < 13 ? right : right.map(() => (manner === 13 ? id("another answer") : withheld));
      if (stage === Stage.Committing && !committed.has(key)) {
        await commitAs(market, claim, seat, answers);
        committed.set(key, answers);
      } else if (stage === Stage.Revealing) {
        await revealAs(market, claim, seat, committed.get(key) ?? right);
      }
    }
  },
  async advance(world, which, mood) {
    await acts.advanceOne!(world, await among(world, ClaimState.Auditing, which), mood);
  },
  async advanceOne(world, which, mood) {
    // As far as five acts bring it, each by who is in turn.
    for (let i = 0; i < 5; i++) {
      const { stage } = await world.market.audits.get(pick(world.claims, which));
      if (stage === Stage.Drawing) await acts.draw!(world, which, mood);
      else if (stage === Stage.Opening || stage === Stage.Unsealing) await acts.operate!(world, which, mood);
      else await acts.judge!(world, which, mood);
    }
  },
  async conclude({ market, claims }, which) {
    await market.audits.connect(market.stranger).conclude(pick(claims, which));
  },
  async settle(world, which) {
    await acts.settleOne!(world, await among(world, ClaimState.Free, which), 0);
  },
  async settleOne({ market, claims }, which) {
    await market.sessions.connect(market.stranger).settle(pick(claims, which));
  },
  async close({ market, conversations }, which, mood) {
    if (conversations.length === 0) return;
    const session = which % conversations.length;
    const by = [conversations[session]!.user, market.provider, market.stranger][mood % 3]!;
    await market.sessions.connect(by).close(session + 1);
  },
  async returnTip({ market, claims }, which) {
    await market.sessions.returnTip(pick(claims, which));
  },
  async wait(_, __, mood) {
    await networkHelpers.time.increase((mood % 1_500) + 1);
  },
  async withdraw({ market, users }, which, mood) {
    const account = [...users, market.provider, ...market.verifiers][which % (users.length + 6)]!;
    const balance = await market.ledger.balanceOf(account.address);
    await market.ledger.connect(account).withdraw(balance / BigInt((mood % 5) + 1), account.address);
  },
  async deposit({ market, users }, which, mood) {
    const user = users[which % users.length]!;
    await market.ledger.connect(user).deposit(user.address, BigInt((mood % 50) + 1) * MYC + BigInt(which));
  },
  async bond({ market }, _, mood) {
    const amount = BigInt((mood % 400) + 1) * MYC;
    await market.bonds.connect(market.provider).deposit(market.provider.address, amount);
    await market.bonds.connect(market.provider).allocate(market.services, amount);
  },
  async unbond({ market }, _, mood) {
    const { bonds, provider, services } = market;
    const allocated = await bonds.allocated(provider.address, services);
    await bonds.connect(provider).unbond(services, allocated / BigInt((mood % 7) + 2));
  },
  async comeOrGo({ market }, which, mood) {
    const verifier = market.verifiers[which % market.verifiers.length]!;
    if (mood % 2 === 0) await market.audits.connect(verifier).resign();
    else await market.audits.connect(verifier).enlist(verifier.address);
  },
  async reprice({ market }, _, mood) {
    await market.services.connect(market.provider).reprice(1n, 3_400 + (mood % 100));
  },
};

function pick(claims: bigint, which: number): bigint {
  return claims === 0n ? 1n : (BigInt(which) % claims) + 1n;
}

/** Number (from 0) of a claim in `state`, or of any where there is none. */
async function among({ market, claims }: World, state: bigint, which: number): Promise<number> {
  const fit: number[] = [];
  for (let id = 1; id <= Number(claims); id++) {
    if ((await market.sessions.claimOf(id)).state === state) fit.push(id - 1);
  }
  return fit[which % fit.length] ?? which;
}

/** What a keeper does in turn comes more often than the rest, so that stories reach their ends. */
const weights: Record<string, number> = {
  open: 3,
  claim: 5,
  draw: 5,
  operate: 6,
  judge: 8,
  conclude: 3,
  settle: 6,
};

// Small numbers are no likelier to break anything here than others: no bias towards them.
export const moves: fc.Arbitrary<Move[]> = fc.noBias(
  fc.array(
    fc.record({
      name: fc.oneof(
        ...Object.keys(acts).map((name) => ({ arbitrary: fc.constant(name), weight: weights[name] ?? 1 })),
      ),
      which: fc.nat({ max: 7 }),
      mood: fc.nat({ max: 65_535 }),
    }),
    { minLength: 50, maxLength: 90, size: "max" },
  ),
);

/** Makes one move. What the contracts refuse changes nothing; any failure but a refusal is thrown. */
export async function perform(world: World, { name, which, mood }: Move): Promise<void> {
  try {
    await acts[name]!(world, which, mood);
    world.done.set(name, (world.done.get(name) ?? 0) + 1);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // A panic is never a refusal.
    if (!/custom error '\w+_\w+\(/.test(text)) throw error;
  }
}

/** Everybody does the right thing from here on, then goes home with all that is his. */
export async function windDown(world: World, accounts: readonly Signer[]): Promise<void> {
  const { market, conversations, claims } = world;
  for (let which = 0; which < Number(claims); which++) {
    // Each of three rounds has four deadlines at most; the lost draws of the story are void with the first crank.
    for (let i = 0; i < 13 && (await market.audits.get(which + 1)).stage !== Stage.Concluded; i++) {
      await perform(world, { name: "advanceOne", which, mood: 0 });
      await networkHelpers.time.increase(400);
      await perform(world, { name: "conclude", which, mood: 0 });
    }
  }
  await networkHelpers.time.increase(10_000);
  for (let which = 0; which < Number(claims); which++) {
    await perform(world, { name: "settleOne", which, mood: 0 });
    await perform(world, { name: "returnTip", which, mood: 0 });
  }
  for (let which = 0; which < conversations.length; which++) {
    await perform(world, { name: "close", which, mood: 2 });
  }
  for (const account of accounts) {
    const balance = await market.ledger.balanceOf(account.address);
    if (balance !== 0n) await market.ledger.connect(account).withdraw(balance, account.address);
  }
}
