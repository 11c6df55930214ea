import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../../keepers/runtime/store/store.ts";
import type { BucketPlaceOptions } from "../../../../keepers/storage/bucket/bucketPlace.ts";
import type { BucketSettings } from "../../../../keepers/storage/bucket/settings.ts";
import { SegmentStore } from "../../../../keepers/storage/disk/segmentStore.ts";
import { BucketHome } from "../disk/rowHomes.ts";
import { randomUpload } from "../uploads.ts";
import { FaultProxy } from "./faultProxy.ts";

const MIB = 1024 * 1024;

export const ALICE = `0x${"a1".repeat(20)}`;
/** Strips that are put. */
export const NUMBERS = [1, 2, 3];

export type Put = readonly [commitment: Uint8Array, upload: ReturnType<typeof randomUpload>];

export interface OpenStore {
  readonly segments: SegmentStore;
  readonly index: Store;
}

interface Opening {
  readonly settings?: Partial<BucketSettings>;
  readonly options?: Partial<BucketPlaceOptions>;
  /** Directory of the index. */
  readonly index?: string;
  readonly quotaBytes?: number;
}

/** Segment stores over one bucket, which they reach through a proxy that can fail; for the suite that calls `use`. */
export class BucketStores {
  readonly home = new BucketHome();
  #proxy: FaultProxy | undefined;
  #directory = "";
  #open: OpenStore[] = [];

  static use(): BucketStores {
    const stores = new BucketStores();
    before(async function () {
      await stores.home.start(this);
      stores.#proxy = await FaultProxy.start(stores.home.server.url);
    });
    after(async () => {
      await stores.#proxy?.stop();
      await stores.home.stop();
    });
    beforeEach(async () => {
      stores.#directory = await mkdtemp(join(tmpdir(), "bucket-rows-"));
      await stores.home.clear();
    });
    afterEach(async () => {
      stores.proxy.heal();
      for (const each of [...stores.#open]) await stores.close(each);
      await rm(stores.#directory, { recursive: true, force: true });
    });
    return stores;
  }

  get proxy(): FaultProxy {
    return this.#proxy!;
  }

  get directory(): string {
    return this.#directory;
  }

  async start({
    settings,
    options,
    index = "index",
    quotaBytes = 64 * MIB,
  }: Opening = {}): Promise<OpenStore> {
    const store = openLmdbStore(join(this.#directory, index));
    try {
      const under = store.under("storage/");
      const fast = { endpoint: this.proxy.url, timeoutMs: 1_000, ...settings };
      const segments = await SegmentStore.open({
        rows: await this.home.place(under, { maxFileBytes: MIB }, fast, options),
        ...{ store: under, quotaBytes, creditOf: async () => 64 * MIB },
      });
      const opened = { segments, index: store };
      this.#open.push(opened);
      return opened;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async close(each: OpenStore): Promise<void> {
    this.#open.splice(this.#open.indexOf(each), 1);
    await each.segments.close();
    await each.index.close();
  }

  async put({ segments }: OpenStore): Promise<Put> {
    const [commitment, upload] = [randomBytes(32), randomUpload(NUMBERS)];
    await segments.putStrips(commitment, ALICE, upload);
    return [commitment, upload];
  }

  /** Puts once uploads are tried again. */
  async putOnceTaken(node: OpenStore): Promise<Put> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.put(node);
      } catch (error) {
        if (tries === 40) throw error;
        await setTimeout(250);
      }
    }
  }

  async heldOf({ segments }: OpenStore, [commitment]: Put): Promise<number[]> {
    return (await segments.strips(commitment, NUMBERS)).map(({ number }) => number);
  }

  async expectHeld({ segments }: OpenStore, [commitment, upload]: Put): Promise<void> {
    const strips = await segments.strips(commitment, NUMBERS);
    expect(strips.map(({ number }) => number)).to.deep.equal(NUMBERS);
    for (const [i, { rows }] of strips.entries())
      expect(Buffer.compare(rows, upload.strips[i]!.rows)).to.equal(0);
  }
}
