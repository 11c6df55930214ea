import type { StorageClient } from "../../storage/client/clientTypes.ts";
import type { Announcement } from "../chain/streamEvents.ts";
import type { Outcome } from "../state/outcome.ts";
import type { AnnouncedBatch } from "../state/streamState.ts";
import type { AnnouncementBook } from "./announcementBook.ts";
import { type Fetched, type FetchLimits, fetchBatches } from "./batchFetch.ts";
import type { OpenStreams } from "./openStreams.ts";
import { windowOf } from "./windows.ts";

/** Bytes of batches that are judged together, unless one alone has more. */
const BYTES_AT_ONCE = 1024 * 1024;

/** Why a stream stands still. */
export interface Stall {
  /** The batch that is missed. */
  readonly version: number;
  readonly writer: Buffer;
  readonly objectRoot: Buffer;
  /** Error code of the last look for its bytes. */
  readonly code: string;
  readonly reason: string;
}

export interface ReplayNeeds {
  readonly book: AnnouncementBook;
  readonly streams: OpenStreams;
  readonly storage: Pick<StorageClient, "get">;
  readonly limits: FetchLimits;
  /** Batches judged at once. */
  readonly atOnce: number;
  /** Blocks of a window (windows.ts). */
  readonly windowBlocks: number;
  readonly onJudged: (outcomes: readonly Outcome[]) => void;
}

/**
 * Judges the batches of a stream that were announced and are not judged yet, run by run, each committed as a whole.
 * @returns what is missed, or undefined when none is left
 */
export async function replayStream(
  needs: ReplayNeeds,
  id: Buffer,
  signal: AbortSignal,
): Promise<Stall | undefined> {
  for (;;) {
    signal.throwIfAborted();
    const wanted = await lookAhead(needs, id);
    const fetched = await fetchBatches(needs.storage, wanted, needs.limits, signal);
    const step = await judgeRun(needs, id, fetched);
    if (step === "caught up") return undefined;
    if (step === "moved") continue;
    return step;
  }
}

/** Batches whose bytes are wanted: those of a stranger are not, unless an earlier batch gives it a right, and then it is their turn. */
async function lookAhead({ book, streams, atOnce }: ReplayNeeds, id: Buffer): Promise<Announcement[]> {
  return await streams.change(id, async (state) => {
    const next = await book.after(id, state.head.number, atOnce);
    const wanted: Announcement[] = [];
    for (const one of next) if (await state.knows(one.writer)) wanted.push(one);
    return wanted;
  });
}

async function judgeRun(
  needs: ReplayNeeds,
  id: Buffer,
  fetched: ReadonlyMap<string, Fetched>,
): Promise<Stall | "caught up" | "moved"> {
  const { book, streams, onJudged } = needs;
  return await streams.change(id, async (state) => {
    // A reorg may have put others in their place meanwhile.
    const { run, isCheckpoint } = await nextRun(needs, id, state.head.number);
    if (run.length === 0) {
      await book.settle(id);
      return "caught up";
    }
    const found = run.map(({ objectRoot }) => fetched.get(objectRoot.toString("hex")));
    const batches = run.map(({ writer, nonce }, i) => ({ writer, nonce, bytes: bytesOf(found[i]) }));
    const prepared = await state.prepare(firstOf(batches), undefined, isCheckpoint);
    const { length } = prepared.outcomes;
    if (length > 0) await streams.commit(state, prepared);
    onJudged(prepared.outcomes);
    const missed = run[length];
    const why = found[length];
    if (missed === undefined || why === undefined || "bytes" in why) return "moved";
    return { version: missed.version, writer: missed.writer, objectRoot: missed.objectRoot, ...why };
  });
}

/** The next batches of one window, and whether those before them are of an earlier one. */
async function nextRun(
  { book, atOnce, windowBlocks }: ReplayNeeds,
  id: Buffer,
  version: number,
): Promise<{ readonly run: readonly Announcement[]; readonly isCheckpoint: boolean }> {
  const next = await book.after(id, version, atOnce);
  const [first] = next;
  if (first === undefined) return { run: [], isCheckpoint: false };
  const window = windowOf(first.block, windowBlocks);
  const [last] = version === 0 ? [] : await book.after(id, version - 1, 1);
  const isCheckpoint = last !== undefined && windowOf(last.block, windowBlocks) < window;
  return { run: next.filter(({ block }) => windowOf(block, windowBlocks) === window), isCheckpoint };
}

/** As many batches as may be judged together: what their keys hold is in memory then, and a key is three bytes at least. */
function firstOf(batches: readonly AnnouncedBatch[]): readonly AnnouncedBatch[] {
  let bytes = 0;
  const end = batches.findIndex((batch, i) => {
    bytes += batch.bytes?.length ?? 0;
    return i > 0 && bytes > BYTES_AT_ONCE;
  });
  return end < 0 ? batches : batches.slice(0, end);
}

function bytesOf(fetched: Fetched | undefined): Uint8Array | undefined {
  return fetched !== undefined && "bytes" in fetched ? fetched.bytes : undefined;
}
