import { FatalError } from "../../runtime/errors.ts";
import { parseNode } from "../format/manifestNode.ts";
import type { PackKind } from "../format/pack.ts";
import type { GetOptions, ReadReport, StoredObject } from "./clientTypes.ts";
import { ItemFinder } from "./itemFinder.ts";
import { bytesAtHand, bytesInside, bytesUnder, type ObjectBytes, requireRange } from "./objectBytes.ts";
import { ReadingLedger } from "./readingLedger.ts";
import { SegmentReader, type SegmentReaderNeeds } from "./segmentReader.ts";

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/** Opens objects; what is read for one may serve the next. */
export class ObjectReader {
  readonly #needs: SegmentReaderNeeds;
  readonly #segments: SegmentReader;
  readonly #finder: ItemFinder;

  constructor(needs: SegmentReaderNeeds) {
    this.#needs = needs;
    this.#segments = new SegmentReader(needs);
    this.#finder = new ItemFinder(needs, this.#segments);
  }

  /**
   * Finds and checks an object: a small one, or the manifest of a large one, whose bytes are read while it is iterated.
   * @throws FatalError storage/not-found, storage/bad-manifest; with a key storage/not-authentic, storage/wrong-key
   * @throws RetryableError storage/unavailable; storage/too-few-rows (while iterating)
   */
  async open(objectRoot: Uint8Array, options: GetOptions = {}): Promise<StoredObject> {
    const { signal = new AbortController().signal, key } = options;
    const ledger = new ReadingLedger();
    const { kind, bytes } = await this.#finder.find(objectRoot, { ledger, signal });
    const tools = {
      reader: this.#segments,
      finder: this.#finder,
      ledger,
      segmentsInFlight: this.#needs.limits.segmentsInFlight,
    };
    const stored = kind === "object" ? bytesAtHand(bytes) : bytesUnder(parseNode(bytes), tools);
    const content = key === undefined ? stored : await bytesInside(stored, key, signal);
    return new OpenObject({ objectRoot, kind }, content, ledger, { ...options, signal });
  }
}

export class OpenObject implements StoredObject {
  readonly objectRoot: Uint8Array;
  readonly kind: PackKind;
  readonly #content: ObjectBytes;
  readonly #ledger: ReadingLedger;
  readonly #options: GetOptions & { readonly signal: AbortSignal };

  constructor(
    { objectRoot, kind }: Pick<StoredObject, "objectRoot" | "kind">,
    content: ObjectBytes,
    ledger: ReadingLedger,
    options: GetOptions & { readonly signal: AbortSignal },
  ) {
    this.objectRoot = objectRoot;
    this.kind = kind;
    this.#content = content;
    this.#ledger = ledger;
    this.#options = options;
  }

  get size(): number {
    return this.#content.size;
  }

  get report(): ReadReport {
    return this.#ledger.report;
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

  async *#read(offset: number, length: number): AsyncGenerator<Uint8Array> {
    if (length === 0) return;
    const { signal, onProgress } = this.#options;
    let [done, pieces] = [0, 0];
    for await (const chunk of this.#content.read(offset, length, signal)) {
      signal.throwIfAborted();
      done += chunk.length;
      onProgress?.({ stage: "read", done, total: length, segments: ++pieces });
      yield chunk;
    }
  }
}
