import type { Refusal } from "./judge.ts";

/** What came of a batch: taken, unless it was refused. */
export interface Outcome {
  readonly number: number;
  readonly refusal?: Refusal;
}

const TAKEN = Buffer.alloc(0);

/** Serialises an outcome without its number; nothing for a batch that was taken. */
export function encodeOutcome({ refusal }: Outcome): Buffer {
  return refusal === undefined ? TAKEN : Buffer.from(JSON.stringify(refusal), "utf8");
}

export function parseOutcome(number: number, bytes: Buffer): Outcome {
  if (bytes.length === 0) return { number };
  return { number, refusal: JSON.parse(bytes.toString("utf8")) as Refusal };
}
