import { randomBytes } from "node:crypto";
import { rowsPerStrip } from "../../../keepers/storage/format/placement.ts";
import { encodeHead, type SegmentUpload } from "../../../keepers/storage/format/segmentFormat.ts";
import { codedBytes } from "../../../keepers/storage/format/shapeRules.ts";

/** An upload of the right form with random content: for what stores bytes and checks none. */
export function randomUpload(numbers: readonly number[], rowSize = 64): SegmentUpload {
  const shape = { k: 128, n: 128, rowSize };
  const head = { shape, rowRoot: randomBytes(32), rlc: randomBytes(16 * shape.k) };
  return {
    head,
    headBytes: encodeHead(head),
    strips: numbers.map((number) => ({
      number,
      path: randomBytes(256),
      rows: randomBytes(rowsPerStrip(shape) * rowSize),
    })),
  };
}

/** Bytes of all rows of such a segment. */
export function codedBytesOf(upload: SegmentUpload): number {
  return codedBytes(upload.head.shape);
}
