import { binomialTail, hypergeometricTail } from "./chances.ts";

/** Slots of a committee that may go before an object that was full may be lost: 40 %. */
const PROMISED_LOSS = 0.4;

/** Fewest members, of equal slots, that hold more than 40 % of a committee of this size. */
export function membersOverPromise(size: number): number {
  return Math.floor(size * PROMISED_LOSS) + 1;
}

/** Chance that a committee, filled at random out of `nodes`, has more than 40 % in the hands of the share `weight` of them. */
export function captureChance(nodes: number, weight: number, size: number): number {
  return hypergeometricTail(nodes, Math.round(nodes * weight), size, membersOverPromise(size));
}

/** The same in a network without bound. */
export function captureChanceUnbounded(weight: number, size: number): number {
  return binomialTail(size, weight, membersOverPromise(size));
}

/** Chance that at least one of `committees` is so, taken as independent (they are nearly so, and the union bound is above). */
export function anyCaptureChance(chance: number, committees: number): number {
  return -Math.expm1(committees * Math.log1p(-Math.min(chance, 1 - Number.EPSILON)));
}

export interface JoinLeave {
  /** Share of all nodes that the adversary has. */
  readonly weight: number;
  /** Members of a committee before the attack. */
  readonly size: number;
  readonly committees: number;
}

/**
 * Expected entries, each with its fee, until more than 40 % of one chosen committee are the adversary's. A committee that
 * it joins grows: with a of its nodes there before and j more, it holds (a + j) / (size + j). An entry meets the chosen
 * committee once in `committees`, and whoever lands elsewhere leaves and pays again. The draw takes the smaller of two, so a
 * committee that is smaller than all others is met twice as often, and one that has grown less often: half of this is the least.
 */
export function entriesToCapture({ weight, size, committees }: JoinLeave): number {
  const there = weight * size;
  const more = Math.max(0, Math.ceil((PROMISED_LOSS * size - there) / (1 - PROMISED_LOSS) + 1e-9));
  return more * committees;
}
