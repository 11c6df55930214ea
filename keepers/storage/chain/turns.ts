import { keccak256, toUtf8Bytes } from "ethers";
import { elementsOf } from "../format/placement.ts";

export interface TurnOptions {
  /** Between the turns of two nodes, milliseconds. */
  readonly stepMs: number;
  /** Nobody waits longer, milliseconds. */
  readonly mostMs: number;
}

/** A node among those that may turn the same crank. */
export interface TurnPlace {
  readonly committee: number;
  readonly committees: number;
  readonly seat: number;
  /** Seats of its committee that are taken, as a set. */
  readonly seats: bigint;
}

const KEPT = 256;

/**
 * Who turns a crank first, so that not all pay for it. Everybody sees the same order, another for each crank; one seat of every
 * committee comes before the second of any. Whoever is later looks again, and finds the work done.
 */
export class Turns {
  readonly #options: TurnOptions;
  readonly #now: () => number;
  /** When a crank was first seen to be due. */
  readonly #since = new Map<string, number>();

  constructor(options: TurnOptions, now = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** @param name of the crank, the same for every node */
  hasCome(name: string, place: TurnPlace): boolean {
    const since = this.#since.get(name) ?? this.#now();
    this.#since.set(name, since);
    const [oldest] = this.#since.keys();
    if (this.#since.size > KEPT && oldest !== undefined) this.#since.delete(oldest);
    const { stepMs, mostMs } = this.#options;
    return this.#now() - since >= Math.min(mostMs, stepMs * turnOf(name, place));
  }
}

/** Number of a node in the order of a crank, from 0. */
export function turnOf(name: string, { committee, committees, seat, seats }: TurnPlace): number {
  const shift = Number(BigInt(keccak256(toUtf8Bytes(name))) >> 224n);
  const taken = elementsOf(seats);
  const rank = taken.indexOf(seat);
  // Who left its seat comes last.
  if (rank === -1) return taken.length * committees;
  return ((rank + shift) % taken.length) * committees + ((committee + shift) % committees);
}
