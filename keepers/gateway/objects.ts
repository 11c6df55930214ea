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
          return await begun(object.range(offset, length), again);
        },
      };
    } finally {
      leave();
    }
  }
}

const EMPTY: StoredBytes = { objectRoot: nameOf(EMPTY_FILE.objectRoot), size: 0, segments: [] };

/** A stream whose first bytes have come: what can't be read at all is an error, not an answer that breaks off. */
async function begun(bytes: AsyncIterable<Uint8Array>, leave: () => void): Promise<Readable> {
  const pieces = bytes[Symbol.asyncIterator]();
  try {
    const first = await pieces.next();
    const stream = Readable.from(from(first, pieces), { objectMode: false, highWaterMark: 1 });
    stream.once("close", leave);
    return stream;
  } catch (error) {
    leave();
    throw error;
  }
}

async function* from(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = first; piece.done !== true; piece = await rest.next()) yield piece.value;
  } finally {
    await rest.return?.();
  }
}
