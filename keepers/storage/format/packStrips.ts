import type { EncodedSegment, Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { concatBytes, zeros } from "../../runtime/platform/bytes.ts";
import { SLOTS } from "./limits.ts";
import { MAX_PACK_TABLE_BYTES, type PackEntry, packTableBytes, parsePackTable } from "./pack.ts";
import { MAX_STRIP_BYTES } from "./segmentFormat.ts";
import { checkStripPath, parseStrips, STRIP_HEADER_BYTES, stripBytes, writeStripOf } from "./stripFormat.ts";

/*
 * The table of a pack is the start of its segment, so the first strips prove what the segment packs: whoever has them may
 * say it, and nobody can say anything else.
 */

/** Largest run of strips that hold a table, bytes. */
export const MAX_TABLE_STRIPS_BYTES = MAX_PACK_TABLE_BYTES + MAX_STRIP_BYTES + SLOTS * STRIP_HEADER_BYTES;

export interface PackTable {
  /** The start of the pack up to its first item. */
  readonly table: Uint8Array;
  readonly entries: readonly PackEntry[];
}

/** Body of PUT /packs/:commitment: the strips that hold the first `tableBytes` bytes of the segment. */
export function encodeTableStrips(segment: EncodedSegment, tableBytes: number): Uint8Array {
  const each = stripBytes(segment.shape);
  const count = Math.ceil(tableBytes / (each - STRIP_HEADER_BYTES));
  const body = zeros(count * each);
  for (let number = 0; number < count; number++) writeStripOf(segment, number, body, number * each);
  return body;
}

/**
 * Reads the table out of the first strips of a segment.
 * @throws FatalError storage/bad-strips, storage/wrong-row-root, storage/bad-pack
 */
export function parseTableStrips(
  input: Uint8Array,
  { shape, rowRoot }: { readonly shape: Shape; readonly rowRoot: Uint8Array },
): PackTable {
  const strips = parseStrips(input, Math.ceil(input.length / stripBytes(shape)), shape);
  const missing = strips.findIndex(({ number }, index) => number !== index);
  if (missing >= 0) throw badPack(`strip ${missing}, where its table goes on, is missing`);
  for (const strip of strips) checkStripPath(strip, shape, rowRoot);
  return readPackTable(concatBytes(strips.map(({ rows }) => rows)), shape);
}

/** Reads the table out of the start of a segment. @throws FatalError storage/bad-pack */
export function readPackTable(start: Uint8Array, shape: Shape): PackTable {
  const entries = parsePackTable(start);
  const last = entries.at(-1)!;
  const room = shape.k * shape.rowSize;
  if (last.offset + last.length > room) throw badPack(`it ends behind the ${room} bytes of its segment`);
  return { table: start.subarray(0, packTableBytes(entries.length)), entries };
}

function badPack(reason: string): FatalError {
  return new FatalError("storage/bad-pack", `not a pack: ${reason}`, { reason });
}
