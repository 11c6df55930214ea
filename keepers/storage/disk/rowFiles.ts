import type { FoundRecord, RecordVisitor } from "./recordScan.ts";
import type { RecordPlace, RowRecord } from "./rowRecords.ts";

/** How far the index knows files that grow; what lies behind is read again at the start. */
export interface RowCursor {
  readonly file: number;
  readonly offset: number;
}

export interface RecoveryReport {
  /** Bytes of all files afterwards, without their headers. */
  readonly bytes: number;
  /** Bytes of a torn write that were cut off the last file: never acknowledged. */
  readonly truncatedBytes: number;
  /** Bytes that hold no readable record although later ones do: damage of the disk. */
  readonly damagedBytes: number;
}

/**
 * Numbered files of records, wherever they lie: in a directory (`DirectoryFiles`), or in a bucket (`BucketFiles`). What does not
 * answer for the moment throws; only what is known to be damaged or gone is undefined.
 */
export interface RowFiles {
  /** The file that takes more records, where there is one. */
  readonly active: number | undefined;
  /** Size that files grow to, bytes. */
  readonly maxFileBytes: number;
  /** Bytes of records that compaction copies with one `append`. */
  readonly copyBytes: number;
  /** Before an upload is taken in. @throws MyceliaError when so many bytes would not be written */
  requireRoom(bytes: number): Promise<void>;
  /** Writes records, one caller at a time. All are durable, or none is known. */
  append(records: readonly RowRecord[]): Promise<RecordPlace[]>;
  /** Reads payloads back, in the order of `places`; undefined for one that is damaged, or whose file is gone. */
  read(places: readonly RecordPlace[]): Promise<(Uint8Array | undefined)[]>;
  /** Has the next records begin a new file, so that the present one can be compacted. Not while `append` runs. */
  roll(): Promise<void>;
  /** Bytes of a file without its header; undefined when it is gone. */
  sizeOf(file: number): Promise<number | undefined>;
  /** Visits every sound record of a file that takes no more, in order. */
  visit(file: number, visit: RecordVisitor): Promise<void>;
  /** Files that are worth being copied together, though little in them is dead. */
  mergeable(files: ReadonlyMap<number, number>): number[];
  /** Files that a write has left, though nobody was told of its records, with their sizes; each is told of once. */
  strays(): Promise<ReadonlyMap<number, number>>;
  /** Removes a file of which nothing is needed any more. @returns its bytes, without its header */
  remove(file: number): Promise<number>;
  close(): Promise<void>;
}

/** Where row files lie, before their index is brought up to them. The calls come in this order. */
export interface RowPlace {
  /** Whether the index may know a file in part, up to its cursor; otherwise it knows it whole, or not. */
  readonly hasCursor: boolean;
  /** @param known largest number that the index speaks of: no new file gets it, or a smaller one */
  prepare(known: number): Promise<void>;
  /** Removes a file that may be gone already. */
  forget(file: number): Promise<void>;
  /** Whether an index that speaks of these files may be believed; when not, it is made anew. */
  bearsOut(cursor: RowCursor, known: readonly number[]): Promise<boolean>;
  /**
   * Visits every sound record that the index may not know, in order.
   * @param known files that the index speaks of
   * @param onFile told of every file that the index is to know, once its records were visited; not where the cursor says so
   */
  recover(
    cursor: RowCursor,
    known: ReadonlySet<number>,
    visit: (found: FoundRecord) => Promise<void>,
    onFile: (file: number) => Promise<void>,
  ): Promise<RecoveryReport>;
  /** @param cursor as the index has it now */
  open(cursor: RowCursor): Promise<RowFiles>;
  /** Ends what was begun, when `open` was not reached. */
  abandon(): Promise<void>;
}
