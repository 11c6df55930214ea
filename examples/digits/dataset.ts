import { readFileSync } from "node:fs";
import { seededRandom, shuffledIndices } from "./random.ts";

export const PIXELS = 64;
export const SIDE = 8;
export const CLASSES = 10;
export const BRIGHTEST = 16;

/** Images of 64 pixels each (0..16, row by row), one after the other, and the digit that each shows. */
export interface Digits {
  readonly count: number;
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
}

export interface Split {
  readonly training: Digits;
  /** A fifth of the data, which training never sees. */
  readonly heldOut: Digits;
}

const SPLIT_SEED = 20260401;

/** Reads the data that lies beside this file. @throws Error naming the line that is not 64 pixels and a digit. */
export function readDigits(path: URL = new URL("./data/digits.csv", import.meta.url)): Digits {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const pixels = new Float32Array(lines.length * PIXELS);
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, row) => {
    const values = line.split(",").map(Number);
    const label = values[PIXELS];
    const inRange = values.every((value) => Number.isInteger(value) && value >= 0 && value <= BRIGHTEST);
    if (values.length !== PIXELS + 1 || !inRange || label! >= CLASSES) {
      throw new Error(`digits.csv line ${row + 1} is not 64 pixels of 0..16 and a digit`);
    }
    pixels.set(values.slice(0, PIXELS), row * PIXELS);
    labels[row] = label!;
  });
  return { count: lines.length, pixels, labels };
}

/** Shuffles by a fixed seed and holds every fifth image out. */
export function splitDigits(digits: Digits): Split {
  const order = shuffledIndices(digits.count, seededRandom(SPLIT_SEED));
  return {
    training: pick(
      digits,
      order.filter((_, place) => place % 5 !== 0),
    ),
    heldOut: pick(
      digits,
      order.filter((_, place) => place % 5 === 0),
    ),
  };
}

function pick(digits: Digits, rows: readonly number[]): Digits {
  const pixels = new Float32Array(rows.length * PIXELS);
  const labels = new Uint8Array(rows.length);
  rows.forEach((row, place) => {
    pixels.set(digits.pixels.subarray(row * PIXELS, (row + 1) * PIXELS), place * PIXELS);
    labels[place] = digits.labels[row]!;
  });
  return { count: rows.length, pixels, labels };
}
