import { id } from "ethers";
import { claimed, past } from "./conversation.ts";
import { begun, commitAs, committeeOf, opened, truth, unsealDrawn } from "./courtroom.ts";
import { deployMarket, type Market, networkHelpers, PARAMETERS, type Signer } from "./market.ts";

const { loadFixture } = networkHelpers;

export const PENALTY = PARAMETERS["audits.absencePenalty"];

/** Sixteen receipts, so that every proof is as long: what an opening costs doesn't depend on the draw. */
export async function inDrawing() {
  const market = await loadFixture(deployMarket);
  return { market, ...(await claimed(market, 16)) };
}

export async function inOpening() {
  const court = await inDrawing();
  await begun(court.market, court.claim);
  return court;
}

export async function inCommitting() {
  const court = await inDrawing();
  await opened(court.market, court.claim, court.exchanges);
  const seats = await committeeOf(court.market, court.claim);
  return { ...court, seats, right: await truth(court.market, court.claim, court.exchanges) };
}

export async function inRevealing(committing = [0, 1, 2]) {
  const court = await inCommitting();
  const { market, claim, seats, right, exchanges } = court;
  for (const i of committing) await commitAs(market, claim, seats[i]!, right);
  if (committing.length < 3) await expire(market, claim);
  await unsealDrawn(market, claim, exchanges);
  return court;
}

/** Lets the stage's deadline pass and turns the crank. */
export async function expire(market: Market, claim: bigint): Promise<void> {
  await past((await market.audits.get(claim)).deadline);
  await market.audits.connect(market.stranger).conclude(claim);
}

export const wrong = (answers: readonly string[], at = 0) =>
  answers.map((answer, i) => (i === at ? id("another answer") : answer));

/** Bond of a verifier that Audits can slash. */
export const atStake = (market: Market, seat: Signer) => market.bonds.slashable(seat.address, market.audits);
