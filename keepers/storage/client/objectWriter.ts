import { FatalError } from "../../runtime/errors.ts";
import { encrypt } from "../format/encryption.ts";
import type { ManifestSegment } from "../format/manifestNode.ts";
import { ManifestTreeBuilder } from "../format/manifestTree.ts";
import { MAX_PACKED_OBJECT_BYTES, type PackKind } from "../format/pack.ts";
import { stateOf } from "../format/placement.ts";
import type { ByteSource, Encryption, StorageProgress, StoredParts } from "./clientTypes.ts";
import { Packing, type PackStore } from "./packing.ts";
import { SegmentList } from "./segmentList.ts";
import { cutSegments } from "./segmentSource.ts";
import type { SegmentUpload } from "./segmentUpload.ts";
import type { StoredSegment } from "./uploadJournal.ts";

/** What is known of an object once its bytes have been read; it is stored when the writer has finished. */
export interface WrittenObject {
  readonly objectRoot: Uint8Array;
  /** Bytes that are stored: more than came when they were encrypted. */
  readonly size: number;
  readonly kind: PackKind;
}

export interface WriterOptions {
  readonly segmentsInFlight: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Omit<StorageProgress, "total">) => void) | undefined;
}

/** Where segments go; `SegmentUpload` is one. */
export type SegmentSink = Pick<SegmentUpload, "store" | "storePack">;

interface Coming {
  readonly length: number;
  readonly stored: Promise<StoredSegment>;
}

/**
 * Writes any number of objects: small ones and manifests share packs, large ones have segments of their own, a few of which
 * are on their way at once. Holds as many segments as are on their way, whatever the sizes.
 */
export class ObjectWriter {
  readonly #sink: SegmentSink;
  readonly #options: WriterOptions;
  readonly #packing: Packing;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #segments = new SegmentList();
  #done = 0;

  constructor(sink: SegmentSink, options: WriterOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    const store: PackStore = (pack, isRead) => sink.storePack(pack, this.#signal, isRead);
    this.#packing = new Packing(store, options.segmentsInFlight);
  }

  /**
   * Reads an object and stores it, but for what still waits in an unfinished pack.
   * @throws FatalError storage/empty-object, storage/object-too-large; what storing throws. Then nothing more may be put.
   */
  async put(source: ByteSource, encryption?: Encryption): Promise<WrittenObject> {
    const written = await this.putUnlessEmpty(source, encryption);
    if (written !== undefined) return written;
    const error = new FatalError("storage/empty-object", "there is nothing to store: the input is empty");
    this.#stop.abort(error);
    throw error;
  }

  /** As `put`, but an empty source is none: undefined. */
  async putUnlessEmpty(source: ByteSource, encryption?: Encryption): Promise<WrittenObject | undefined> {
    try {
      const chunks = await unlessEmpty(source);
      if (chunks === undefined) return undefined;
      const bytes =
        encryption === undefined ? chunks : encrypt(chunksOf(chunks), encryption.key, encryption.salt);
      return await this.#put(cutSegments(bytes));
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    }
  }

  /** Stores what is left; every segment and pack that the objects lie in. Nothing may be put after it. */
  async finish(): Promise<SegmentList> {
    try {
      for (const pack of await this.#packing.finish()) this.#segments.add(pack);
      return this.#segments;
    } finally {
      this.#stop.abort();
    }
  }

  /** Ends what is on its way, for a reason from elsewhere. */
  abandon(reason: unknown): void {
    this.#stop.abort(reason);
  }

  async #put(runs: AsyncGenerator<Uint8Array>): Promise<WrittenObject> {
    const tree = new ManifestTreeBuilder(async ({ bytes }) => {
      await this.#packing.add({ kind: "manifest", bytes });
    });
    const coming: Coming[] = [];
    try {
      for await (const run of runs) {
        if (tree.size === 0 && coming.length === 0 && run.length <= MAX_PACKED_OBJECT_BYTES)
          return await this.#putSmall(run);
        const stored = this.#sink.store(run, this.#signal);
        // It is awaited in its turn; if it fails before, that is no unhandled failure.
        stored.catch((error: unknown) => this.#stop.abort(error));
        coming.push({ length: run.length, stored });
        while (coming.length >= this.#options.segmentsInFlight) await this.#take(tree, coming.shift()!);
      }
      while (coming.length > 0) await this.#take(tree, coming.shift()!);
    } finally {
      await Promise.allSettled(coming.map(({ stored }) => stored));
    }
    const { name } = await tree.finish();
    return { objectRoot: name, size: tree.size, kind: "manifest" };
  }

  async #putSmall(bytes: Uint8Array): Promise<WrittenObject> {
    const objectRoot = await this.#packing.add({ kind: "object", bytes });
    this.#progress(bytes.length);
    return { objectRoot, size: bytes.length, kind: "object" };
  }

  async #take(tree: ManifestTreeBuilder, { length, stored }: Coming): Promise<void> {
    const segment = await stored;
    this.#segments.add(segment);
    const { commitment, shape } = segment;
    await tree.add({ commitment, length, shape } satisfies ManifestSegment);
    this.#progress(length);
  }

  #progress(bytes: number): void {
    this.#done += bytes;
    this.#options.onProgress?.({ stage: "store", done: this.#done, segments: this.#segments.length });
  }
}

/** The same bytes, once it is known that there are some. */
async function unlessEmpty(source: ByteSource): Promise<ByteSource | undefined> {
  if (source instanceof Uint8Array) return source.length === 0 ? undefined : source;
  const chunks = source[Symbol.asyncIterator]();
  let first = await chunks.next();
  while (first.done !== true && first.value.length === 0) first = await chunks.next();
  if (first.done === true) return undefined;
  return joined(first.value, chunks);
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    yield* { [Symbol.asyncIterator]: () => rest };
  } finally {
    await rest.return?.();
  }
}

/** What was reached for all of some segments. */
export function partsOf(
  segments: SegmentList,
  { bytesSent, failures }: Pick<SegmentUpload, "bytesSent" | "failures">,
): StoredParts {
  const { slotsCovered } = segments;
  return { segments, state: stateOf(slotsCovered), slotsCovered, bytesSent, failures };
}

function chunksOf(source: ByteSource): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return source instanceof Uint8Array ? [source] : source;
}
