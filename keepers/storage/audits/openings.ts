import type { Shape } from "../../coding/codec.ts";

/*
 * How a node opens the two samples that were drawn: the packed form of `IStorageAudits.answer`. Integers are big-endian.
 */

const rowKind = 0x00;
const voidByBatch = 0x01;
const voidBytes = 9;
const headBytes = 27;
const unitBytes = 64;

/** A row that the node holds, and its way up to the batch. */
export interface RowOpening {
  readonly kind: "row";
  /** Number of the batch in the log. */
  readonly batch: bigint;
  /** Place of the segment in the batch. */
  readonly segment: number;
  /** Units of the batch before the segment. */
  readonly start: bigint;
  readonly shape: Shape;
  readonly commitment: Uint8Array;
  readonly rlcRoot: Uint8Array;
  readonly row: Uint8Array;
  /** Siblings in the row tree, 32 bytes each, bottom to top, end to end. */
  readonly rowPath: Uint8Array;
  /** Audit path of the segment's leaf in the batch's root, bottom to top. */
  readonly segmentPath: readonly Uint8Array[];
}

/** A unit of which nothing has to be held: its batch had expired, or no certificate covers the slot. */
export interface VoidOpening {
  readonly kind: "void";
  readonly batch: bigint;
}

export type UnitOpening = RowOpening | VoidOpening;

/** Of each unit drawn for a sample: the expired ones that were passed over, and the one that counts. */
export type SampleOpening = readonly UnitOpening[];

/**
 * What `answer` takes.
 *
 * @param even opening of the drawn sample with the even number
 * @param odd opening of the one after it
 * @param siblings from `SampleTree.provePair`
 */
export function packOpenings(
  even: SampleOpening,
  odd: SampleOpening,
  siblings: readonly Uint8Array[],
): Uint8Array {
  return Buffer.concat([...even.map(packUnit), ...odd.map(packUnit), ...siblings]);
}

function packUnit(opening: UnitOpening): Uint8Array {
  return opening.kind === "row" ? packRow(opening) : packVoid(opening.batch);
}

function packVoid(batch: bigint): Uint8Array {
  const packed = Buffer.alloc(voidBytes);
  packed[0] = voidByBatch;
  packed.writeBigUInt64BE(batch, 1);
  return packed;
}

function packRow(opening: RowOpening): Uint8Array {
  const { shape, row, rowPath, segmentPath } = opening;
  const head = Buffer.alloc(headBytes);
  head[0] = rowKind;
  head.writeBigUInt64BE(opening.batch, 1);
  head.writeUInt32BE(opening.segment, 9);
  head.writeBigUInt64BE(opening.start, 13);
  head[21] = opening.commitment[0]!;
  head[22] = Math.log2(shape.k);
  head[23] = Math.log2(shape.k + shape.n);
  head.writeUInt16BE(shape.rowSize / unitBytes, 24);
  head[26] = segmentPath.length;
  return Buffer.concat([head, opening.rlcRoot, row, rowPath, ...segmentPath]);
}
