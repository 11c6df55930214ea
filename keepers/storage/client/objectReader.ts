import { FatalError } from "../../runtime/errors.ts";
import { parseNode } from "../format/manifestNode.ts";
import type { GetOptions, ReadReport, StoredObject } from "./clientTypes.ts";
import { ItemFinder } from "./itemFinder.ts";
import { bytesAtHand, bytesInside, bytesUnder, type ObjectBytes, requireRange } from "./objectBytes.ts";
import { ReadingLedger } from "./readingLedger.ts";
import { SegmentReader, type SegmentReaderNeeds } from "./segmentReader.ts";

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/** Finds and checks an object's place or manifest; its bytes are read while the result is iterated. */
export async function openObject(
  needs: SegmentReaderNeeds,
  objectRoot: Uint8Array,
  options: GetOptions = {},
): Promise<StoredObject> {
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const ledger = new ReadingLedger();
  const reader = new SegmentReader(needs, ledger);
  const finder = new ItemFinder(needs, ledger, reader);
  const { kind, bytes } = await finder.find(objectRoot, signal);
  const stored =
    kind === "object"
      ? bytesAtHand(bytes)
      : bytesUnder(parseNode(bytes), reader, finder, needs.limits.segmentsInFlight);
  const content = options.key === undefined ? stored : await bytesInside(stored, options.key, signal);
  const report = (): ReadReport => ({
    blamed: ledger.blamed,
    failures: ledger.failures,
    rebuilt: reader.rebuilt,
    miscoded: [...reader.miscoded],
  });
  return new OpenObject(objectRoot, content, report, { ...options, signal });
}

class OpenObject implements StoredObject {
  readonly objectRoot: Uint8Array;
  readonly #content: ObjectBytes;
  readonly #report: () => ReadReport;
  readonly #options: GetOptions & { readonly signal: AbortSignal };

  constructor(
    objectRoot: Uint8Array,
    content: ObjectBytes,
    report: () => ReadReport,
    options: GetOptions & { readonly signal: AbortSignal },
  ) {
    this.objectRoot = objectRoot;
    this.#content = content;
    this.#report = report;
    this.#options = options;
  }

  get size(): number {
    return this.#content.size;
  }

  get report(): ReadReport {
    return this.#report();
  }

  async bytes(maxBytes: number = DEFAULT_MAX_BYTES): Promise<Uint8Array> {
    if (this.size > maxBytes) {
      throw new FatalError(
        "storage/object-too-large",
        `the object has ${this.size} bytes, more than ${maxBytes}; iterate it`,
        { size: this.size, maxBytes },
      );
    }
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for await (const chunk of this) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  range(offset: number, length: number): AsyncIterable<Uint8Array> {
    requireRange(offset, length, this.size);
    return this.#read(offset, length);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    return this.#read(0, this.size);
  }

  /** Leaving the loop ends the requests. */
  async *#read(offset: number, length: number): AsyncGenerator<Uint8Array> {
    const { signal, onProgress } = this.#options;
    let [done, segments] = [0, 0];
    for await (const chunk of this.#content.read(offset, length, signal)) {
      done += chunk.length;
      onProgress?.({ stage: "read", done, total: length, segments: ++segments });
      signal.throwIfAborted();
      yield chunk;
    }
  }
}
