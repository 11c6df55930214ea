import { getBytes, hexlify } from "ethers";
import { merklePath, merkleTree } from "../../coding/merkle.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { rowsPerStrip } from "../format/placement.ts";
import { parseHead, rlcRoot } from "../format/segmentFormat.ts";
import { rowsOf } from "../format/stripFormat.ts";

/** A row and its way up to the commitment, as `Recoverability.show` takes it. */
export interface ShownRow {
  readonly row: string;
  /** Siblings in the row tree, bottom to top. */
  readonly path: readonly string[];
  readonly rlcRoot: string;
}

const HASH_BYTES = 32;

/** Reads a row off the disk with what proves it; undefined when it is not here. @param commitment 0x-hex */
export async function rowToShow(
  segments: Pick<SegmentStore, "head" | "strips">,
  commitment: string,
  row: number,
): Promise<ShownRow | undefined> {
  const name = getBytes(commitment);
  const bytes = await segments.head(name);
  if (bytes === undefined) return undefined;
  const head = parseHead(bytes);
  const inStrip = rowsPerStrip(head.shape);
  const [strip] = await segments.strips(name, [Math.floor(row / inStrip)]);
  if (strip === undefined) return undefined;
  const rows = rowsOf(strip, head.shape);
  const path = Buffer.concat([merklePath(merkleTree([...rows.values()]), row % inStrip), strip.path]);
  return {
    row: hexlify(rows.get(row)!),
    path: Array.from({ length: path.length / HASH_BYTES }, (_, i) =>
      hexlify(path.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
    ),
    rlcRoot: hexlify(rlcRoot(head.rlc)),
  };
}
