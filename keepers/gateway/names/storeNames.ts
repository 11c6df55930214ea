import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import { Refusal } from "../refusal.ts";
import { BucketLocks } from "./bucketLocks.ts";
import type { Bucket, KeyRange, NamePut, Names, ObjectRecord } from "./names.ts";

/** Names in a keeper's own store: true for whoever asks this gateway. */
export class StoreNames implements Names {
  readonly #store: Store;
  readonly #buckets: Records<Bucket>;
  readonly #objects: Records<ObjectRecord>;
  readonly #locks = new BucketLocks();

  constructor(store: Store) {
    this.#store = store;
    this.#buckets = createRecords(store, "buckets/", plainFormat<Bucket>());
    this.#objects = createRecords(store, "objects/", plainFormat<ObjectRecord>());
  }

  async *buckets(): AsyncIterable<Bucket> {
    for await (const [, bucket] of this.#buckets.scan()) yield bucket;
  }

  async bucket(name: string): Promise<Bucket | undefined> {
    return await this.#buckets.get(name);
  }

  async createBucket(bucket: Bucket): Promise<boolean> {
    return await this.#buckets.putIfAbsent(bucket.name, bucket);
  }

  async deleteBucket(name: string): Promise<void> {
    await this.#locks.remove(name, async () => {
      await this.#require(name);
      for await (const _ of this.#objects.scan({ prefix: `${name}/`, limit: 1 }))
        throw new Refusal("BucketNotEmpty", "the bucket still holds objects", { bucket: name });
      await this.#buckets.delete(name);
    });
  }

  async get(bucket: string, key: string): Promise<ObjectRecord | undefined> {
    return await this.#objects.get(`${bucket}/${key}`);
  }

  async put(bucket: string, key: string, record: ObjectRecord, put: NamePut = {}): Promise<void> {
    const write = this.#objects.putWrite(`${bucket}/${key}`, record);
    await this.#change(bucket, key, [write, ...(put.also ?? [])], put.condition);
  }

  async delete(bucket: string, key: string, condition?: NamePut["condition"]): Promise<void> {
    await this.#change(bucket, key, [this.#objects.deleteWrite(`${bucket}/${key}`)], condition);
  }

  async *scan(bucket: string, { prefix, from }: KeyRange): AsyncIterable<readonly [string, ObjectRecord]> {
    const place = `${bucket}/`;
    const range = { prefix: place + prefix, ...(from !== undefined && { from: place + from }) };
    for await (const [key, record] of this.#objects.scan(range))
      yield [key.slice(place.length), record] as const;
  }

  async #change(
    bucket: string,
    key: string,
    writes: readonly StoreWrite[],
    condition: NamePut["condition"],
  ): Promise<void> {
    await this.#locks.change(bucket, key, async () => {
      await this.#require(bucket);
      condition?.(await this.get(bucket, key));
      await this.#store.batch(writes);
    });
  }

  async #require(name: string): Promise<void> {
    if ((await this.bucket(name)) !== undefined) return;
    throw new Refusal("NoSuchBucket", "there is no such bucket", { bucket: name });
  }
}
