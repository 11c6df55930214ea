import type { Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { announcedTableBytes } from "../format/pack.ts";
import { type PackTable, readPackTable } from "../format/packStrips.ts";
import { rowsPerStrip } from "../format/placement.ts";
import type { Strip } from "../format/stripFormat.ts";

/**
 * What a segment packs, out of its first strips; undefined when it is no pack, or a strip can't be had.
 * @param strip a checked strip by its number
 */
export async function findPackTable(
  shape: Shape,
  strip: (number: number) => Promise<Strip | undefined>,
): Promise<PackTable | undefined> {
  const first = await strip(0);
  const bytes = first && announcedTableBytes(first.rows);
  if (first === undefined || bytes === undefined || bytes > shape.k * shape.rowSize) return undefined;
  const rows = [first.rows];
  const count = Math.ceil(bytes / (rowsPerStrip(shape) * shape.rowSize));
  for (let number = 1; number < count; number++) {
    const next = await strip(number);
    if (next === undefined) return undefined;
    rows.push(next.rows);
  }
  return tableOf(Buffer.concat(rows), shape);
}

/** Undefined for what is no pack, or only looks like one: its writer may write what it likes. @param start of a segment */
export function tableOf(start: Uint8Array, shape: Shape): PackTable | undefined {
  try {
    return readPackTable(start, shape);
  } catch (error) {
    if (error instanceof FatalError) return undefined;
    throw error;
  }
}
