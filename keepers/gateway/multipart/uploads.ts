import { randomBytes } from "node:crypto";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import type { Checksum } from "../names/names.ts";
import { Refusal } from "../refusal.ts";
import type { Spool } from "./spool.ts";
import type {
  CompletedRecord,
  Numbered,
  PartRecord,
  UploadPlace,
  UploadRecord,
  UploadRecords,
} from "./uploadRecords.ts";

export interface ArrivingPart {
  readonly number: number;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly size: number | undefined;
  /** Known when the bytes have come to their end. */
  readonly checksum: () => Checksum | undefined;
}

/** An upload whose parts stand still. */
export interface HeldUpload {
  readonly record: UploadRecord;
  readonly parts: readonly Numbered<PartRecord>[];
}

/** Uploads in parts: begun, continued after any interruption, and ended. */
export class Uploads {
  readonly #records: UploadRecords;
  readonly #spool: Spool;
  readonly #locks = new KeyedLock();

  constructor(records: UploadRecords, spool: Spool) {
    this.#records = records;
    this.#spool = spool;
  }

  async begin(bucket: string, key: string, headers: Omit<UploadRecord, "initiated">): Promise<UploadPlace> {
    const place = { bucket, key, uploadId: randomBytes(16).toString("hex") };
    await this.#records.begin(place, { ...headers, initiated: Date.now() });
    return place;
  }

  /** @throws Refusal NoSuchUpload */
  async require(place: UploadPlace): Promise<UploadRecord> {
    const record = await this.#records.find(place);
    if (record !== undefined) return record;
    const message = "there is no such upload; it may have been completed, aborted or left for too long";
    throw new Refusal("NoSuchUpload", message, { uploadId: place.uploadId.slice(0, 64) });
  }

  async findCompleted(place: UploadPlace): Promise<CompletedRecord | undefined> {
    return await this.#records.findCompleted(place);
  }

  parts(uploadId: string, after: number): AsyncIterable<Numbered<PartRecord>> {
    return this.#records.parts(uploadId, after);
  }

  uploads(
    bucket: string,
    prefix: string,
    from?: Pick<UploadPlace, "key" | "uploadId">,
  ): AsyncIterable<readonly [UploadPlace, UploadRecord]> {
    return this.#records.uploads(bucket, prefix, from);
  }

  /** Takes a part in, in the place of what had its number; durable once it resolves. @throws Refusal NoSuchUpload, SlowDown */
  async putPart(place: UploadPlace, { number, bytes, size, checksum }: ArrivingPart): Promise<PartRecord> {
    await this.require(place);
    const file = await this.#spool.write(bytes, size);
    const said = checksum();
    const record: PartRecord = { ...file, modified: Date.now(), ...(said && { checksum: said }) };
    const before = await this.#locks
      .run(place.uploadId, async () => {
        // It may have been completed or aborted while the bytes came.
        await this.require(place);
        const known = await this.#records.part(place.uploadId, number);
        await this.#records.putPart(place.uploadId, number, record);
        return known;
      })
      .catch(async (error: unknown) => {
        await this.#spool.remove(file);
        throw error;
      });
    if (before !== undefined) await this.#spool.remove(before);
    return record;
  }

  /** Lets nobody change an upload meanwhile. */
  async hold<T>(place: UploadPlace, work: () => Promise<T>): Promise<T> {
    return await this.#locks.run(place.uploadId, work);
  }

  /** What an upload has, for who holds it. @throws Refusal NoSuchUpload */
  async inspect(place: UploadPlace): Promise<HeldUpload> {
    const record = await this.require(place);
    const parts: Numbered<PartRecord>[] = [];
    for await (const part of this.#records.parts(place.uploadId)) parts.push(part);
    return { record, parts };
  }

  /** Writes that turn an upload, for who holds it, into an object. */
  completing(place: UploadPlace, { parts }: HeldUpload, objectRoot: string) {
    const { bucket, key } = place;
    const completed = { bucket, key, objectRoot, at: Date.now() };
    return [...this.#records.ending(place, parts), this.#records.completing(place, completed)];
  }

  /** The bytes of parts, one after the other. */
  async *read(parts: readonly PartRecord[]): AsyncGenerator<Uint8Array> {
    for (const part of parts) yield* this.#spool.read(part);
  }

  /** Gives the space back, once nothing names these parts any more. */
  async free({ parts }: HeldUpload): Promise<void> {
    for (const [, part] of parts) await this.#spool.remove(part);
  }

  /** @throws Refusal NoSuchUpload */
  async abort(place: UploadPlace): Promise<void> {
    await this.hold(place, async () => {
      const upload = await this.inspect(place);
      await this.#records.end(place, upload.parts);
      await this.free(upload);
    });
  }

  /** Gives up uploads that were begun before a time, and forgets what was completed before it; milliseconds since 1970. */
  async expire(before: number): Promise<number> {
    let expired = 0;
    for await (const [place, { initiated }] of this.#records.all()) {
      if (initiated >= before) continue;
      await this.abort(place).catch(unlessGone);
      expired++;
    }
    for await (const [uploadId, { at }] of this.#records.allCompleted())
      if (at < before) await this.#records.forgetCompleted(uploadId);
    return expired;
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Refusal && error.s3Code === "NoSuchUpload")) throw error;
}
