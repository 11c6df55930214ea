import { Readable } from "node:stream";
import { MyceliaError } from "../runtime/errors.ts";
import type { StorageClient } from "../storage/client.ts";
import type { BatchSegment } from "../storage/format/batch.ts";
import { EMPTY_FILE } from "../storage/format/directory.ts";
import { nameOf, parseName } from "../storage/format/names.ts";
import type { Places } from "./places.ts";
import type { ByteRange } from "./ranges.ts";

/** An object that members hold and no batch pays for yet. */
export interface StoredBytes {
  /** Lower-case hex. */
  readonly objectRoot: string;
  /** Bytes. */
  readonly size: number;
  /** What is to be published; none of an empty object, which has no bytes to keep. */
  readonly segments: Iterable<BatchSegment>;
}

/** An object to be read. */
export interface ReadableBytes {
  readonly size: number;
  /** A part, or all; the first bytes are there when it resolves. */
  open(range: ByteRange | undefined): Promise<Readable>;
}

export interface ObjectsNeeds {
  readonly storage: Pick<StorageClient, "put" | "get">;
  /** Each holds some segments in memory. */
  readonly writes: Places;
  readonly reads: Places;
}

/** Objects by their roots, as streams; so many at once that memory has a bound. */
export class Objects {
  readonly #needs: ObjectsNeeds;

  constructor(needs: ObjectsNeeds) {
    this.#needs = needs;
  }

  /** @throws what reading the source and `StorageClient.put` throw; Refusal SlowDown */
  async put(source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBytes> {
    const leave = await this.#needs.writes.take(signal);
    try {
      const { objectRoot, size, segments } = await this.#needs.storage.put(source, { signal });
      return { objectRoot: nameOf(objectRoot), size, segments };
    } catch (error) {
      if (error instanceof MyceliaError && error.code === "storage/empty-object") return EMPTY;
      throw error;
    } finally {
      leave();
    }
  }

  /** @throws what `StorageClient.get` throws; Refusal SlowDown; FatalError storage/bad-name */
  async open(objectRoot: string, signal: AbortSignal): Promise<ReadableBytes> {
    if (objectRoot === EMPTY.objectRoot) return { size: 0, open: async () => Readable.from([]) };
    const root = parseName(objectRoot);
    const leave = await this.#needs.reads.take(signal);
    try {
      const object = await this.#needs.storage.get(root, { signal });
      return {
        size: object.size,
        open: async (range) => {
          const again = await this.#needs.reads.take(signal);
          const { offset, length } = range ?? { offset: 0, length: object.size };
          return await begun(object.range(offset, length), this.#needs.reads, again);
        },
      };
    } finally {
      leave();
    }
  }
}

const EMPTY: StoredBytes = { objectRoot: nameOf(EMPTY_FILE.objectRoot), size: 0, segments: [] };

/** A reader that took less than this on average, after a while, gives way to who waits; bytes a second. */
const LEAST_RATE = 64 * 1024;
const GRACE_MS = 15_000;

/** A stream whose first bytes have come: what can't be read at all is an error, not an answer that breaks off. */
async function begun(bytes: AsyncIterable<Uint8Array>, reads: Places, leave: () => void): Promise<Readable> {
  const pieces = bytes[Symbol.asyncIterator]();
  try {
    const first = await pieces.next();
    const pace = new Pace();
    const stream = Readable.from(from(first, pieces, pace), { objectMode: false, highWaterMark: 1 });
    const unwatch = reads.watch({
      isSlow: () => pace.isSlow,
      cutOff: () => stream.destroy(new Error("others wait, and this reader hardly takes anything")),
    });
    stream.once("close", () => {
      unwatch();
      leave();
    });
    return stream;
  } catch (error) {
    leave();
    throw error;
  }
}

/** How fast a reader takes what it is given; our own time does not count. */
class Pace {
  #bytes = 0;
  #waitedMs = 0;
  #givenAt: number | undefined;

  give(bytes: number): void {
    this.#bytes += bytes;
    this.#givenAt = performance.now();
  }

  took(): void {
    this.#waitedMs += this.#elapsedMs;
    this.#givenAt = undefined;
  }

  get isSlow(): boolean {
    return this.#waitedMs + this.#elapsedMs > GRACE_MS + (1000 * this.#bytes) / LEAST_RATE;
  }

  get #elapsedMs(): number {
    return this.#givenAt === undefined ? 0 : performance.now() - this.#givenAt;
  }
}

async function* from(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
  pace: Pace,
): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = first; piece.done !== true; piece = await rest.next()) {
      pace.give(piece.value.length);
      yield piece.value;
      pace.took();
    }
  } finally {
    await rest.return?.();
  }
}
