import { MyceliaError } from "../../runtime/errors.ts";
import type { StorageClient } from "../../storage/client/clientTypes.ts";
import type { Announcement } from "../chain/streamEvents.ts";
import { MAX_BATCH_BYTES } from "../format/limits.ts";

/** Bytes of a batch, or why nobody gives them. */
export type Fetched = { readonly bytes: Uint8Array } | { readonly code: string; readonly reason: string };

export interface FetchLimits {
  /** Batches fetched at once. */
  readonly atOnce: number;
  /** Bytes from which on no further batch of a run is begun. */
  readonly enoughBytes: number;
}

/** What can't be a batch, however long it is: judged as one of no bytes. */
const TOO_LARGE = new Uint8Array(0);

/** The bytes of batches, by object root in hex; those of the last ones may be left out when it gets too much. */
export async function fetchBatches(
  storage: Pick<StorageClient, "get">,
  announcements: readonly Announcement[],
  { atOnce, enoughBytes }: FetchLimits,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Fetched>> {
  const found = new Map<string, Fetched>();
  const waiting = [...new Map(announcements.map((one) => [one.objectRoot.toString("hex"), one.objectRoot]))];
  let bytes = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && bytes < enoughBytes; next = waiting.shift()) {
      const [name, objectRoot] = next;
      const fetched = await fetchOne(storage, objectRoot, signal);
      found.set(name, fetched);
      // The first that is missing ends the run: what is behind it has to wait.
      if ("bytes" in fetched) bytes += fetched.bytes.length;
      else waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}

async function fetchOne(
  storage: Pick<StorageClient, "get">,
  objectRoot: Uint8Array,
  signal: AbortSignal,
): Promise<Fetched> {
  try {
    const object = await storage.get(objectRoot, { signal });
    if (object.size > MAX_BATCH_BYTES) return { bytes: TOO_LARGE };
    return { bytes: await object.bytes(MAX_BATCH_BYTES) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof MyceliaError)) throw error;
    return { code: error.code, reason: error.message };
  }
}
