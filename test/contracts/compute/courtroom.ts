import { hexlify, id, keccak256 } from "ethers";
import { coder, type Exchange, rangeOver } from "./conversation.ts";
import { ethers, type Market, networkHelpers, type Signer } from "./market.ts";

/** Answers of one seat: as the operator's unless changed. */
export type Answers = readonly string[];

const SALT = id("a verifier's salt");

/** Brings the drawn block and fulfils the claim's draw. */
export async function fulfil(market: Market, claim: bigint): Promise<void> {
  await networkHelpers.mine(2);
  const { draw } = await market.sessions.claimOf(claim);
  await market.beacon.connect(market.stranger).fulfil(draw);
}

/** Fulfils and begins; afterwards the audit is in Opening. */
export async function begun(market: Market, claim: bigint): Promise<void> {
  await fulfil(market, claim);
  await market.audits.connect(market.stranger).begin(claim);
}

export async function openingsOf(market: Market, claim: bigint, exchanges: readonly Exchange[]) {
  const range = await rangeOver(market, exchanges);
  const { indices } = await market.audits.get(claim);
  return indices.map((index) => {
    const { receipt, requestDigest } = exchanges[Number(index)]!;
    return { receipt, requestDigest, proof: range.prove(Number(index)).map((node) => hexlify(node)) };
  });
}

export async function opened(market: Market, claim: bigint, exchanges: readonly Exchange[]): Promise<void> {
  await begun(market, claim);
  await openDrawn(market, claim, exchanges);
}

/** The operator opens what is drawn now. */
export async function openDrawn(market: Market, claim: bigint, exchanges: readonly Exchange[]) {
  return market.audits.connect(market.provider).open(claim, await openingsOf(market, claim, exchanges));
}

/** Accounts of the drawn committee, in its order. */
export async function committeeOf(market: Market, claim: bigint): Promise<Signer[]> {
  const { committee } = await market.audits.get(claim);
  const accounts = await ethers.getSigners();
  return committee.map((seat) => accounts.find(({ address }) => address === seat)!);
}

/** What the operator answered to the drawn receipts. */
export async function truth(
  market: Market,
  claim: bigint,
  exchanges: readonly Exchange[],
): Promise<string[]> {
  const { indices } = await market.audits.get(claim);
  return indices.map((index) => exchanges[Number(index)]!.responseDigest);
}

export function commitmentOf(
  claim: bigint,
  round: bigint,
  verifier: string,
  answers: Answers,
  salt = SALT,
): string {
  const digest = keccak256(coder.encode(["bytes32[]"], [answers]));
  return keccak256(
    coder.encode(
      ["uint64", "uint8", "address", "bytes32", "bytes32"],
      [claim, round, verifier, digest, salt],
    ),
  );
}

export async function commitAs(market: Market, claim: bigint, seat: Signer, answers: Answers) {
  const { round } = await market.audits.get(claim);
  return market.audits.connect(seat).commit(claim, commitmentOf(claim, round, seat.address, answers));
}

export async function revealAs(market: Market, claim: bigint, seat: Signer, answers: Answers) {
  return market.audits.connect(seat).reveal(claim, [...answers], SALT);
}

/** The operator reveals its responses and salts to what is drawn now. */
export async function unsealDrawn(market: Market, claim: bigint, exchanges: readonly Exchange[]) {
  const { indices } = await market.audits.get(claim);
  const drawn = indices.map((index) => exchanges[Number(index)]!);
  return market.audits.connect(market.provider).unseal(
    claim,
    drawn.map(({ responseDigest }) => responseDigest),
    drawn.map(({ salt }) => salt),
  );
}

/** Plays a whole audit from the draw on; `answer` says what each seat answers, null for a seat that stays away. */
export async function audited(
  market: Market,
  claim: bigint,
  exchanges: readonly Exchange[],
  answer: (truth: string[], seat: number) => Answers = (right) => right,
): Promise<Signer[]> {
  await opened(market, claim, exchanges);
  const seats = await committeeOf(market, claim);
  const right = await truth(market, claim, exchanges);
  for (const [i, seat] of seats.entries()) await commitAs(market, claim, seat, answer(right, i));
  await unsealDrawn(market, claim, exchanges);
  for (const [i, seat] of seats.entries()) await revealAs(market, claim, seat, answer(right, i));
  return seats;
}
