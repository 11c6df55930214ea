import { SEEN_ALL } from "../../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import type { AnnouncedBatch } from "../../../../keepers/kv/state/streamState.ts";

export const owner = Buffer.alloc(20, 0xaa);
export const streamId = Buffer.concat([owner, Buffer.alloc(12)]);
/** Batches of a group. */
export const GROUP = 4;

/** Groups without end, the same each time: every batch puts and deletes some of sixty keys, and reads others. */
export function groupAt(index: number): AnnouncedBatch[] {
  return Array.from({ length: GROUP }, (_, i) => batchAt(index * GROUP + i));
}

function batchAt(number: number): AnnouncedBatch {
  const keys = [...new Set(Array.from({ length: 12 }, (_, i) => (number * 7 + i * 11) % 60))];
  const writes = keys.map((key) => ({
    key: Buffer.from(`key/${key}`),
    value: (number + key) % 5 === 0 ? undefined : Buffer.from(`${number}/${key}`),
  }));
  // A batch in three has not seen the last batches, which have changed what some of them read.
  const seen = number % 3 === 0 ? BigInt(Math.max(0, number - 3)) : SEEN_ALL;
  const reads = keys.slice(-2).map((key) => Buffer.from(`key/${key}`));
  return {
    writer: owner,
    nonce: BigInt(number),
    bytes: encodeStreamBatch({ seen, reads, writes, controls: [] }),
  };
}
