import { PIXELS, readDigits, splitDigits } from "../../../examples/digits/dataset.ts";
import type { Tensor } from "../../compute/tensors.ts";

/** A batch of handwritten digits and what each of them is. */
export interface DigitBatch {
  readonly tensors: readonly Tensor[];
  readonly labels: Uint8Array;
}

/** The held-out fifth of the real data, in batches: digits that training never saw. */
export function heldOutBatches(size: number): DigitBatch[] {
  const { heldOut } = splitDigits(readDigits());
  const batches: DigitBatch[] = [];
  for (let from = 0; from < heldOut.count; from += size) {
    const to = Math.min(from + size, heldOut.count);
    const data = heldOut.pixels.slice(from * PIXELS, to * PIXELS);
    const tensor: Tensor = { name: "pixels", dtype: "float32", dims: [to - from, PIXELS], data };
    batches.push({ tensors: [tensor], labels: heldOut.labels.slice(from, to) });
  }
  return batches;
}

/** The class with the highest score of each row. */
export function classesOf(outputs: readonly Tensor[]): number[] {
  const [scores] = outputs;
  const [rows = 0, classes = 1] = scores?.dims ?? [];
  const data = scores?.data as Float32Array;
  return Array.from({ length: rows }, (_, row) => {
    const of = data.subarray(row * classes, (row + 1) * classes);
    return of.indexOf(Math.max(...of));
  });
}
