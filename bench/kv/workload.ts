import { SEEN_ALL } from "../../keepers/kv/format/limits.ts";
import { encodeStreamBatch } from "../../keepers/kv/format/streamBatch.ts";
import type { AnnouncedBatch } from "../../keepers/kv/state/streamState.ts";
import { seededRandom } from "../random.ts";

export const keyCount = 100_000;
export const writesPerBatch = 50;
/** Batches that a node finds together when it catches up. */
export const batchesPerCommit = 200;
export const commits = 20;
const valueBytes = 64;

export const owner = Buffer.alloc(20, 0xaa);
/** A writer, no admin: each of its rights is looked up. */
export const writer = Buffer.alloc(20, 0xbb);
export const streamId = Buffer.concat([owner, Buffer.alloc(12)]);

export function keyOf(number: number): Buffer {
  return Buffer.from(`memory/${number}`);
}

/** The batch with which the owner lets the writer in. */
export function opening(): AnnouncedBatch {
  const controls = [{ kind: "grantWriter" as const, account: writer }];
  return { writer: owner, nonce: 0n, bytes: encodeStreamBatch({ ...nothing, controls }) };
}

/** Batches of the writer over random keys, a read of each second key among them. */
export function* runs(): Generator<AnnouncedBatch[]> {
  const random = seededRandom(1n);
  let nonce = 0n;
  for (let run = 0; run < commits; run++)
    yield Array.from({ length: batchesPerCommit }, () => ({
      writer,
      nonce: nonce++,
      bytes: batchOf(random),
    }));
}

const nothing = { seen: SEEN_ALL, reads: [], writes: [], controls: [] };

function batchOf(random: () => number): Buffer {
  const numbers = new Set<number>();
  while (numbers.size < writesPerBatch) numbers.add(Math.floor(random() * keyCount));
  const chosen = [...numbers].map(keyOf);
  const writes = chosen.map((key) => ({ key, value: randomValue(random) }));
  return encodeStreamBatch({ ...nothing, writes, reads: chosen.filter((_, i) => i % 2 === 0) });
}

function randomValue(random: () => number): Buffer {
  return Buffer.alloc(valueBytes, Math.floor(random() * 256));
}
