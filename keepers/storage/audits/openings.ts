import type { Shape } from "../../coding/codec.ts";

/*
 * How a node opens the two samples that were drawn: the packed form of `IStorageAudits.answer`. Integers are big-endian.
 */

const rowKind = 0x00;
const voidByBatch = 0x01;
const voidByCase = 0x02;
const voidBytes = 9;
const caseBytes = 17;
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

/** A unit of a segment of which the node has said that it can't be rebuilt: see IRecoverability. */
export interface CaseOpening {
  readonly kind: "case";
  readonly batch: bigint;
  /** Number of the node's own case. */
  readonly id: bigint;
}

export type UnitOpening = RowOpening | VoidOpening | CaseOpening;

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
  if (opening.kind === "row") return packRow(opening);
  return opening.kind === "case" ? packCase(opening) : packVoid(opening.batch);
}

function packCase({ batch, id }: CaseOpening): Uint8Array {
  const packed = Buffer.alloc(caseBytes);
  packed[0] = voidByCase;
  packed.writeBigUInt64BE(batch, 1);
  packed.writeBigUInt64BE(id, 9);
  return packed;
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
