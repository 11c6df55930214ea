import { trialsUntilRun } from "./chances.ts";

/** Samples that the second draw opens, of those that a node has committed to. */
const OPENED = 2;

/**
 * Chance that an epoch's audit finds a node that lacks the share `missing` of its rows. Samples are independent draws of all
 * that it should hold, so a sample fails with that chance, and the audit unless every opened one passes: 1 - (1 - f)^2.
 */
export function caughtInEpoch(missing: number): number {
  return 1 - (1 - missing) ** OPENED;
}

/** Chance of at least one find in so many epochs: 1 - (1 - f)^(2e). */
export function caughtWithin(missing: number, epochs: number): number {
  return 1 - (1 - missing) ** (OPENED * epochs);
}

/** Expected epochs until so many misses in a row, from which on bond is cut. */
export function epochsUntilSlash(missing: number, misses: number): number {
  return trialsUntilRun(caughtInEpoch(missing), misses);
}
