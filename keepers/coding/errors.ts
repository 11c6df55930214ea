import { FatalError } from "../runtime/errors.ts";

/** Why a row does not belong to the commitment it was offered under. */
export type RowRefusal =
  | "row-index" // not an index of this shape
  | "row-length" // not rowSize bytes
  | "path-length" // not 32 * depth bytes
  | "row-path" // row and path do not lead to the row root
  | "row-combination" // the row is in the tree, but it is not a row of the codeword
  | "commitment"; // the trees are not the ones the commitment binds

/** Thrown for a row that must not be stored, served or decoded from. */
export class RowRefusedError extends FatalError {
  readonly reason: RowRefusal;

  constructor(reason: RowRefusal, message: string, details: Record<string, unknown> = {}) {
    super("coding/row-refused", message, { reason, ...details });
    this.reason = reason;
  }
}

/** Thrown when a shape, a size or a set of rows can't be coded at all. */
export class CodingError extends FatalError {}
