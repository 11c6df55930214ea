import type { Shape } from "../../coding/codec.ts";
import { hexOf } from "../../runtime/platform/bytes.ts";
import { sha256 } from "../../runtime/platform/hashes.ts";
import { createRecords, plainFormat } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import { nameOf, parseName } from "../format/names.ts";

/** A segment that members hold. */
export interface StoredSegment {
  readonly commitment: Uint8Array;
  readonly shape: Shape;
  /** Slots whose owners have signed for it. */
  readonly slots: bigint;
}

interface StoredRecord {
  readonly commitment: string;
  readonly shape: Shape;
  readonly slots: bigint;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Members keep unpublished rows for a day at least; what is younger than this need not be sent again. */
const TRUSTED_MS = 12 * 3_600_000;

/**
 * What was stored, by content: SHA-256 of a segment's bytes. A put that was cut off and is repeated neither codes nor sends
 * again what members have signed for. What a call has resolved is durable.
 */
export interface UploadJournal {
  of(data: Uint8Array, shape: Shape): JournalEntry;
}

/** What is known of one content in one shape. */
export interface JournalEntry {
  find(): Promise<StoredSegment | undefined>;
  note(segment: StoredSegment): Promise<void>;
}

/** @param now milliseconds since 1970 */
export function createUploadJournal(store: Store, now: () => number = Date.now): UploadJournal {
  const records = createRecords<StoredRecord>(store, "stored/", plainFormat());
  return {
    of(data, shape) {
      const key = keyOf(data, shape);
      return {
        async find() {
          const record = await records.get(key);
          if (record === undefined || now() - record.at > TRUSTED_MS) return undefined;
          return { commitment: parseName(record.commitment), shape, slots: record.slots };
        },
        async note({ commitment, shape, slots }) {
          await records.put(key, { commitment: nameOf(commitment), shape, slots, at: now() });
        },
      };
    },
  };
}

function keyOf(data: Uint8Array, { k, n, rowSize }: Shape): string {
  return `${hexOf(sha256(data))}/${k}.${n}.${rowSize}`;
}
