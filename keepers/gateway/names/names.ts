import type { StoreWrite } from "../../runtime/store/store.ts";

export interface Bucket {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export interface Checksum {
  readonly algorithm: "crc32" | "crc32c" | "crc64nvme" | "sha1" | "sha256";
  /** Base64, of all bytes of the object. */
  readonly value: string;
}

/** What a key of a bucket stands for. */
export interface ObjectRecord {
  /** Lower-case hex. */
  readonly objectRoot: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Headers that are given back as they were put: content-type, cache-control and their like. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names without "x-amz-meta-". */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the writer has said of the bytes, checked. */
  readonly checksum?: Checksum;
}

export interface KeyRange {
  readonly prefix: string;
  /** First key to visit, inclusive. */
  readonly from?: string;
}

export interface NamePut {
  /** Throws when what stands there now must stay. */
  readonly condition?: (current: ObjectRecord | undefined) => void;
  /** Writes that come true with the name, or not at all; of the store that the names are kept in. */
  readonly also?: readonly StoreWrite[];
}

/**
 * Buckets, and in each an ordered map from keys to objects. What is resolved is durable, and seen by whoever asks next.
 * Keys rise by the bytes of their UTF-8.
 */
export interface Names {
  buckets(): AsyncIterable<Bucket>;
  bucket(name: string): Promise<Bucket | undefined>;
  /** False when there is one of that name. */
  createBucket(bucket: Bucket): Promise<boolean>;
  /** @throws Refusal NoSuchBucket, BucketNotEmpty */
  deleteBucket(name: string): Promise<void>;
  get(bucket: string, key: string): Promise<ObjectRecord | undefined>;
  /** @throws Refusal NoSuchBucket; what the condition throws */
  put(bucket: string, key: string, record: ObjectRecord, put?: NamePut): Promise<void>;
  /** Deletes what may be there. @throws Refusal NoSuchBucket; what the condition throws */
  delete(bucket: string, key: string, condition?: NamePut["condition"]): Promise<void>;
  scan(bucket: string, range: KeyRange): AsyncIterable<readonly [key: string, record: ObjectRecord]>;
}
