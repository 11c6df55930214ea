import { concat, keccak256, type Provider, toBeHex } from "ethers";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { contractAddress } from "./committeeView.ts";

const WORD = 32;
const DEFAULT_TTL_MS = 60_000;

/**
 * Committee of a segment out of the first `count`: the one with the highest keccak256(abi.encode(commitment, committee)), as
 * ICommittees.committeeOf. One committee more takes its share from all others and moves nothing between them.
 */
export function committeeOf(commitment: Uint8Array, count: number): number {
  let best = 0;
  let highest = "";
  for (let committee = 0; committee < count; committee++) {
    const weight = keccak256(concat([commitment, toBeHex(committee, WORD)]));
    if (weight > highest) [best, highest] = [committee, weight];
  }
  return best;
}

/**
 * Whether a segment may lie in a committee: it is its own among all, or was before the latest one opened.
 * Writers cannot all know at once that one has opened.
 */
export function mayLieIn(commitment: Uint8Array, committee: number, count: number): boolean {
  return [count, count - 1].some((some) => committee < some && committeeOf(commitment, some) === committee);
}

/** Number of open committees, read at most once in a while. */
export function createCommitteeCount(
  provider: Provider,
  deployment: Deployment,
  ttlMs = DEFAULT_TTL_MS,
): () => Promise<number> {
  const committees = ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider);
  let known: { readonly count: number; readonly at: number } | undefined;
  return async () => {
    const now = performance.now();
    if (known === undefined || now - known.at > ttlMs)
      known = { count: Number(await committees.committeeCount()), at: now };
    return known.count;
  };
}
