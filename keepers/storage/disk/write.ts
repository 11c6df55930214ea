import type { RecordPlace, RowRecord } from "./rowRecords.ts";
import type { IndexEdit } from "./segmentIndex.ts";

/** Records to append, and what they change. */
export interface Write {
  readonly records: readonly RowRecord[];
  readonly edits: (places: readonly RecordPlace[]) => readonly IndexEdit[];
  /** Closes the file that takes records, before anything is written. */
  readonly roll?: boolean;
  /** Files of which nothing is live, with their bytes: from here on they count. */
  readonly adopt?: ReadonlyMap<number, number>;
  /** A closed file of which nothing is live any more; it goes first: should it fail, nothing is stored twice. */
  readonly remove?: number;
}
