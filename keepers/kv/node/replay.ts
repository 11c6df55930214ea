import type { StorageClient } from "../../storage/client/clientTypes.ts";
import type { Announcement } from "../chain/streamEvents.ts";
import type { Outcome } from "../state/outcome.ts";
import type { AnnouncedBatch, StreamState } from "../state/streamState.ts";
import type { AnnouncementBook } from "./announcementBook.ts";
import { type Fetched, type FetchLimits, fetchBatches } from "./batchFetch.ts";
import type { OpenStreams } from "./openStreams.ts";
import { windowOf } from "./windows.ts";

/** Bytes of batches that are judged together, unless one alone has more: what their keys hold is in memory then. */
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
  /** Batches looked at together. */
  readonly atOnce: number;
  /** Blocks of a window (windows.ts). */
  readonly windowBlocks: number;
  readonly onJudged: (outcomes: readonly Outcome[]) => void;
}

/** An announced batch, and what became of the look for its bytes; nothing for one that nobody looked for. */
interface Found {
  readonly announced: Announcement;
  readonly fetched: Fetched | undefined;
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
  { book, streams, atOnce, windowBlocks, onJudged }: ReplayNeeds,
  id: Buffer,
  fetched: ReadonlyMap<string, Fetched>,
): Promise<Stall | "caught up" | "moved"> {
  return await streams.change(id, async (state) => {
    // A reorg may have put others in their place meanwhile.
    const announced = await book.after(id, state.head.number, atOnce);
    if (announced.length === 0) {
      await book.settle(id);
      return "caught up";
    }
    const [last] = state.head.number === 0 ? [] : await book.after(id, state.head.number - 1, 1);
    const found = announced.map((one) => {
      return { announced: one, fetched: fetched.get(one.objectRoot.toString("hex")) };
    });
    const runs = runsOf(found, last && windowOf(last.block, windowBlocks), windowBlocks);
    const outcomes = await judgeRuns(streams, state, runs);
    onJudged(outcomes);
    return stallAt(found[outcomes.length]) ?? "moved";
  });
}

/** Batches that are judged, and committed, together. */
interface Run {
  readonly batches: AnnouncedBatch[];
  /** Those before them are of an earlier window. */
  readonly isCheckpoint: boolean;
}

/** Cuts batches where a window ends, and where they would be too many for the memory. @param before window of the batch before them */
function runsOf(found: readonly Found[], before: number | undefined, windowBlocks: number): Run[] {
  const runs: Run[] = [];
  let [bytes, last] = [0, before];
  for (const { announced, fetched } of found) {
    const { writer, nonce, block } = announced;
    const batch = { writer, nonce, bytes: bytesOf(fetched) };
    const size = batch.bytes?.length ?? 0;
    const window = windowOf(block, windowBlocks);
    const run = runs.at(-1);
    if (run !== undefined && window === last && bytes + size <= BYTES_AT_ONCE) {
      run.batches.push(batch);
      bytes += size;
    } else {
      runs.push({ batches: [batch], isCheckpoint: last !== undefined && last < window });
      bytes = size;
    }
    last = window;
  }
  return runs;
}

/** While a run is being committed the next is judged, until one ends before a batch whose bytes are missed. */
async function judgeRuns(
  streams: OpenStreams,
  state: StreamState,
  runs: readonly Run[],
): Promise<readonly Outcome[]> {
  const pipeline = streams.pipeline(state);
  const judged: Outcome[] = [];
  try {
    for (const { batches, isCheckpoint } of runs) {
      const outcomes = await pipeline.push(batches, isCheckpoint);
      judged.push(...outcomes);
      if (outcomes.length < batches.length) break;
    }
  } finally {
    await pipeline.settle();
  }
  return judged;
}

function stallAt(missed: Found | undefined): Stall | undefined {
  if (missed?.fetched === undefined || "bytes" in missed.fetched) return undefined;
  const { version, writer, objectRoot } = missed.announced;
  return { version, writer, objectRoot, ...missed.fetched };
}

function bytesOf(fetched: Fetched | undefined): Uint8Array | undefined {
  return fetched !== undefined && "bytes" in fetched ? fetched.bytes : undefined;
}
