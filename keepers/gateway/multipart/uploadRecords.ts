import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import type { Checksum, ObjectRecord } from "../names/names.ts";
import type { SpooledFile } from "./spool.ts";

/** An upload in parts that was begun. */
export interface UploadRecord extends Pick<ObjectRecord, "headers" | "metadata"> {
  /** Milliseconds since 1970. */
  readonly initiated: number;
}

export interface PartRecord extends SpooledFile {
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** What its sender has said of it, checked. */
  readonly checksum?: Checksum;
}

/** What a completed upload has become; kept for a while, so that its completion may be asked for again. */
export interface CompletedRecord {
  readonly bucket: string;
  readonly key: string;
  readonly objectRoot: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Where an upload is found. */
export interface UploadPlace {
  readonly bucket: string;
  readonly key: string;
  /** 32 hex digits. */
  readonly uploadId: string;
}

export type Numbered<T> = readonly [number: number, record: T];

const UPLOAD_ID = /^[0-9a-f]{32}$/;
const PART_DIGITS = 5;

/** Uploads, their parts, and what was completed, in the gateway's store. */
export class UploadRecords {
  readonly #uploads: Records<UploadRecord>;
  readonly #parts: Records<PartRecord>;
  readonly #completed: Records<CompletedRecord>;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.#uploads = createRecords(store, "uploads/", plainFormat<UploadRecord>());
    this.#parts = createRecords(store, "parts/", plainFormat<PartRecord>());
    this.#completed = createRecords(store, "completed/", plainFormat<CompletedRecord>());
  }

  async begin(place: UploadPlace, record: UploadRecord): Promise<void> {
    await this.#uploads.put(keyOf(place), record);
  }

  async find(place: UploadPlace): Promise<UploadRecord | undefined> {
    return UPLOAD_ID.test(place.uploadId) ? await this.#uploads.get(keyOf(place)) : undefined;
  }

  async findCompleted({ bucket, key, uploadId }: UploadPlace): Promise<CompletedRecord | undefined> {
    if (!UPLOAD_ID.test(uploadId)) return undefined;
    const record = await this.#completed.get(uploadId);
    return record?.bucket === bucket && record.key === key ? record : undefined;
  }

  async part(uploadId: string, number: number): Promise<PartRecord | undefined> {
    return await this.#parts.get(partKey(uploadId, number));
  }

  async putPart(uploadId: string, number: number, record: PartRecord): Promise<void> {
    await this.#parts.put(partKey(uploadId, number), record);
  }

  /** Rising. @param after number behind which to begin */
  async *parts(uploadId: string, after = 0): AsyncGenerator<Numbered<PartRecord>> {
    const range = { prefix: `${uploadId}/`, from: partKey(uploadId, after + 1) };
    for await (const [key, record] of this.#parts.scan(range))
      yield [Number(key.slice(-PART_DIGITS)), record];
  }

  /** By rising key, and of one key by rising id. @param from place, inclusive */
  async *uploads(
    bucket: string,
    prefix: string,
    from?: Pick<UploadPlace, "key" | "uploadId">,
  ): AsyncGenerator<readonly [UploadPlace, UploadRecord]> {
    const range = { prefix: `${bucket}/${prefix}`, ...(from && { from: keyOf({ bucket, ...from }) }) };
    for await (const [key, record] of this.#uploads.scan(range)) yield [placeOf(key), record];
  }

  async *all(): AsyncGenerator<readonly [UploadPlace, UploadRecord]> {
    for await (const [key, record] of this.#uploads.scan()) yield [placeOf(key), record];
  }

  async *allParts(): AsyncGenerator<PartRecord> {
    for await (const [, record] of this.#parts.scan()) yield record;
  }

  async *allCompleted(): AsyncGenerator<readonly [uploadId: string, CompletedRecord]> {
    yield* this.#completed.scan();
  }

  async forgetCompleted(uploadId: string): Promise<void> {
    await this.#completed.delete(uploadId);
  }

  /** Writes that end an upload. */
  ending(place: UploadPlace, parts: readonly Numbered<PartRecord>[]): StoreWrite[] {
    return [
      this.#uploads.deleteWrite(keyOf(place)),
      ...parts.map(([number]) => this.#parts.deleteWrite(partKey(place.uploadId, number))),
    ];
  }

  completing({ uploadId }: UploadPlace, record: CompletedRecord): StoreWrite {
    return this.#completed.putWrite(uploadId, record);
  }

  async end(place: UploadPlace, parts: readonly Numbered<PartRecord>[]): Promise<void> {
    await this.#store.batch(this.ending(place, parts));
  }
}

/** No key has a NUL, which comes before all else: uploads rise by key. */
function keyOf({ bucket, key, uploadId }: UploadPlace): string {
  return `${bucket}/${key}\0${uploadId}`;
}

function placeOf(text: string): UploadPlace {
  const [slash, nul] = [text.indexOf("/"), text.lastIndexOf("\0")];
  return {
    bucket: text.slice(0, slash),
    key: text.slice(slash + 1, nul),
    uploadId: text.slice(nul + 1),
  };
}

function partKey(uploadId: string, number: number): string {
  return `${uploadId}/${String(number).padStart(PART_DIGITS, "0")}`;
}
