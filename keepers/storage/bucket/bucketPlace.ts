import { randomUUID } from "node:crypto";
import type { FatalError } from "../../runtime/errors.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { RecordVisitor } from "../disk/recordScan.ts";
import type { RecoveryReport, RowCursor, RowPlace } from "../disk/rowFiles.ts";
import { FILE_HEADER_BYTES } from "../disk/rowRecords.ts";
import { BucketFiles, visitObject } from "./bucketFiles.ts";
import { BucketEndpoint, type RequestListener } from "./endpoint.ts";
import { objectName, parseObjectName, runOf } from "./objectNames.ts";
import { type Owner, Ownership } from "./ownership.ts";
import type { BucketSettings } from "./settings.ts";

export interface BucketPlaceOptions {
  readonly settings: BucketSettings;
  readonly owner: Omit<Owner, "instance">;
  /** Keeps the name of this instance; where it is lost, the index is too. */
  readonly store: Store;
  /** Aborts when the node is about to end. */
  readonly signal?: AbortSignal;
  readonly onRequest?: RequestListener;
  readonly onFlush?: (seconds: number) => void;
  /** Told when another node has taken the rows: nothing is written any more. */
  readonly onTaken: (error: FatalError) => void;
  /** Told when the start waits for another's silence. */
  readonly onWait: (milliseconds: number) => void;
}

const OBJECT_BYTES = 16 * 1024 * 1024;
const BEAT_MS = 60_000;
const INSTANCE = "instance";

/** Row files under a prefix of a bucket. */
export class BucketPlace implements RowPlace {
  readonly hasCursor = false;
  readonly #options: BucketPlaceOptions;
  readonly #endpoint: BucketEndpoint;
  readonly #sizes = new Map<number, number>();
  #ownership: Ownership | undefined;

  private constructor(options: BucketPlaceOptions, endpoint: BucketEndpoint) {
    this.#options = options;
    this.#endpoint = endpoint;
  }

  /** @throws what `BucketEndpoint.open` throws */
  static async open(options: BucketPlaceOptions): Promise<BucketPlace> {
    const endpoint = await BucketEndpoint.open(options.settings, options.onRequest);
    if (options.signal !== undefined) endpoint.hurryWhen(options.signal);
    return new BucketPlace(options, endpoint);
  }

  /** Takes possession. @throws what `Ownership.claim` throws; FatalError storage/no-bucket, storage/bucket-refused, storage/bucket-elsewhere */
  async prepare(known: number): Promise<void> {
    const { settings, owner, store, signal, onTaken, onWait } = this.#options;
    const instance = await instanceIn(store);
    const newest = (await this.#list()).reduce((a, b) => Math.max(a, b), known);
    this.#ownership = await Ownership.claim(
      this.#endpoint,
      { ...owner, instance },
      { beatMs: settings.beatMs ?? BEAT_MS, run: runOf(newest) + 1, signal, onTaken, onWait },
    );
    this.#sizes.clear();
    // Nobody else writes from here on.
    await this.#list();
  }

  async forget(file: number): Promise<void> {
    await this.#endpoint.remove(objectName(file));
    this.#sizes.delete(file);
  }

  /** Objects don't grow, so what the index says of one holds for ever; of one that is gone, compaction gives up what lay there. */
  async bearsOut(): Promise<boolean> {
    return true;
  }

  async recover(
    _cursor: RowCursor,
    known: ReadonlySet<number>,
    visit: RecordVisitor,
    onFile: (file: number) => Promise<void>,
  ): Promise<RecoveryReport> {
    let [bytes, damagedBytes] = [0, 0];
    for (const [file, size] of [...this.#sizes].sort(([a], [b]) => a - b)) {
      bytes += size;
      if (known.has(file)) continue;
      damagedBytes += await visitObject(this.#endpoint, file, size + FILE_HEADER_BYTES, visit);
      await onFile(file);
    }
    return { bytes, truncatedBytes: 0, damagedBytes };
  }

  async open(): Promise<BucketFiles> {
    this.#endpoint.started();
    const { settings, onFlush } = this.#options;
    const objectBytes = settings.objectBytes ?? OBJECT_BYTES;
    return new BucketFiles(this.#endpoint, this.#ownership!, this.#sizes, { objectBytes, onFlush });
  }

  async abandon(): Promise<void> {
    await this.#ownership?.release();
    this.#endpoint.close();
  }

  /** Numbers of all objects of rows; their sizes are noted. */
  async #list(): Promise<number[]> {
    const files: number[] = [];
    for await (const { name, size } of this.#endpoint.list("rows-")) {
      const file = parseObjectName(name);
      if (file === undefined) continue;
      files.push(file);
      this.#sizes.set(file, Math.max(0, size - FILE_HEADER_BYTES));
    }
    return files;
  }
}

async function instanceIn(store: Store): Promise<string> {
  const fresh = Buffer.from(randomUUID());
  await store.putIfAbsent(INSTANCE, fresh);
  return Buffer.from((await store.get(INSTANCE)) ?? fresh).toString();
}
