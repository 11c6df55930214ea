import type { Codec } from "./codec.ts";
import type { Shape } from "./shape.ts";

export interface Rebuilt {
  /** The k * rowSize bytes that the rows stand for, whether or not they are consistent. */
  readonly data: Uint8Array;
  /** False when coding `data` again leads to another commitment: the writer committed to rows that are no codeword. */
  readonly consistent: boolean;
}

/**
 * Rebuilds and compares: the complete check of a coded segment. Rows that passed their check are the object, so an
 * inconsistent one still has its bytes; the reader reports it.
 */
export async function rebuildAndCompare(
  codec: Codec,
  commitment: Uint8Array,
  shape: Shape,
  rows: ReadonlyMap<number, Uint8Array>,
  signal?: AbortSignal,
): Promise<Rebuilt> {
  const data = await codec.rebuild(shape, rows, signal);
  const again = await codec.encode(data, shape, signal);
  const consistent = Buffer.compare(again.commitment, commitment) === 0;
  again.release();
  return { data, consistent };
}
