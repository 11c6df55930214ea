import { hash } from "node:crypto";
import type { Shape } from "../../coding/codec.ts";
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
  find(content: ContentKey): Promise<StoredSegment | undefined>;
  note(content: ContentKey, segment: StoredSegment): Promise<void>;
}

/** What a segment's bytes and shape are known by. */
export interface ContentKey {
  readonly shape: Shape;
  readonly text: string;
}

/** @param now milliseconds since 1970 */
export function createUploadJournal(store: Store, now: () => number = Date.now): UploadJournal {
  const records = createRecords<StoredRecord>(store, "stored/", plainFormat());
  return {
    async find({ text, shape }) {
      const record = await records.get(text);
      if (record === undefined || now() - record.at > TRUSTED_MS) return undefined;
      return { commitment: parseName(record.commitment), shape, slots: record.slots };
    },
    async note({ text }, { commitment, shape, slots }) {
      await records.put(text, { commitment: nameOf(commitment), shape, slots, at: now() });
    },
  };
}

export function contentKey(data: Uint8Array, shape: Shape): ContentKey {
  const { k, n, rowSize } = shape;
  return { shape, text: `${hash("sha256", data)}/${k}.${n}.${rowSize}` };
}
