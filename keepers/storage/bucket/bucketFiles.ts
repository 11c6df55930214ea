import { FatalError } from "../../runtime/errors.ts";
import { Semaphore } from "../../runtime/semaphore.ts";
import { spansOf, takePayloads } from "../disk/payloadReads.ts";
import { type RecordVisitor, scanRecords } from "../disk/recordScan.ts";
import type { RowFiles } from "../disk/rowFiles.ts";
import {
  FILE_HEADER_BYTES,
  newFileHeader,
  parseFileHeader,
  placesFrom,
  type RecordPlace,
  type RowRecord,
  recordBytes,
  recordPieces,
} from "../disk/rowRecords.ts";
import type { BucketEndpoint } from "./endpoint.ts";
import { numberOf, objectName } from "./objectNames.ts";
import { Outage } from "./outage.ts";
import { type Ownership, refusedUpload } from "./ownership.ts";
import { mergeableObjects } from "./smallObjects.ts";

export interface BucketFilesOptions {
  /** Size at which an object takes no more records, bytes. */
  readonly objectBytes: number;
  /** Told how long each append took, seconds. */
  readonly onFlush?: ((seconds: number) => void) | undefined;
}

/** An object that may have been written though its request failed. */
interface Doubtful {
  readonly bytes: number;
  readonly since: number;
}

const WRITES_AT_ONCE = 4;
/** Numbers tried when objects of other hands are in the way. */
const NUMBERS = 3;
/** Bytes between wanted records that are rather read than asked around. */
const GAP_BYTES = 128 * 1024;
/** A request that has not come to anything after this never will, milliseconds. */
const DOUBT_MS = 3_600_000;

/**
 * Row files that are objects of a bucket: each is written whole and never again, so what was acknowledged is there or was taken away by
 * somebody else. A number whose request failed is not used again: its object may come yet, and is then one that nobody was told of.
 */
export class BucketFiles implements RowFiles {
  readonly active = undefined;
  readonly #endpoint: BucketEndpoint;
  readonly #ownership: Ownership;
  readonly #options: BucketFilesOptions;
  /** Bytes of objects by their numbers, without headers. */
  readonly #sizes: Map<number, number>;
  readonly #salts = new Map<number, Uint8Array>();
  readonly #doubtful = new Map<number, Doubtful>();
  readonly #outage = new Outage();
  readonly #writes = new Semaphore(WRITES_AT_ONCE);
  #next = 0;

  constructor(
    endpoint: BucketEndpoint,
    ownership: Ownership,
    sizes: Map<number, number>,
    options: BucketFilesOptions,
  ) {
    this.#endpoint = endpoint;
    this.#ownership = ownership;
    this.#sizes = sizes;
    this.#options = options;
  }

  get maxFileBytes(): number {
    return this.#options.objectBytes;
  }

  get copyBytes(): number {
    return this.#options.objectBytes;
  }

  async requireRoom(): Promise<void> {
    this.#outage.refuse();
    this.#requireOwned();
  }

  async append(records: readonly RowRecord[]): Promise<RecordPlace[]> {
    this.#outage.refuse();
    const started = performance.now();
    const first = this.#next;
    try {
      await this.#ownership.confirm();
      const parts = partsOf(records, this.#options.objectBytes);
      const written = await Promise.allSettled(
        parts.map((part) => this.#writes.run(() => this.#write(part))),
      );
      const places = written.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
      const failed = written.find((each) => each.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      this.#outage.over();
      this.#options.onFlush?.((performance.now() - started) / 1000);
      return places;
    } catch (error) {
      this.#disown(first);
      if (error instanceof FatalError) throw refusedUpload(error);
      throw this.#outage.begin(error);
    }
  }

  async read(places: readonly RecordPlace[]): Promise<(Uint8Array | undefined)[]> {
    const payloads: (Uint8Array | undefined)[] = new Array(places.length);
    const files = Map.groupBy(places.keys(), (index) => places[index]!.file);
    await Promise.all(
      [...files].map(async ([file, indices]) => {
        const found = await this.#readFrom(
          file,
          indices.map((index) => places[index]!),
        );
        for (const [i, index] of indices.entries()) payloads[index] = found[i];
      }),
    );
    return payloads;
  }

  /** Every append begins one. */
  async roll(): Promise<void> {}

  async sizeOf(file: number): Promise<number | undefined> {
    return this.#sizes.get(file);
  }

  async visit(file: number, visit: RecordVisitor): Promise<void> {
    // A list may have lacked an object that is there.
    const bytes = this.#sizes.get(file) ?? this.#options.objectBytes;
    await visitObject(this.#endpoint, file, bytes + FILE_HEADER_BYTES, visit);
  }

  mergeable(files: ReadonlyMap<number, number>): number[] {
    return mergeableObjects(files, this.#options.objectBytes);
  }

  async strays(): Promise<ReadonlyMap<number, number>> {
    const strays = new Map<number, number>();
    for (const [file, { bytes, since }] of this.#doubtful) {
      const isThere = (await this.#endpoint.get(objectName(file), 0, FILE_HEADER_BYTES)) !== undefined;
      if (isThere) {
        strays.set(file, bytes);
        this.#sizes.set(file, bytes);
      }
      if (isThere || performance.now() - since > DOUBT_MS) this.#doubtful.delete(file);
    }
    return strays;
  }

  async remove(file: number): Promise<number> {
    await this.#ownership.confirm();
    await this.#endpoint.remove(objectName(file));
    const bytes = this.#sizes.get(file) ?? 0;
    this.#sizes.delete(file);
    this.#salts.delete(file);
    return bytes;
  }

  async close(): Promise<void> {
    await this.#ownership.release();
    this.#endpoint.close();
  }

  #requireOwned(): void {
    try {
      this.#ownership.require();
    } catch (error) {
      throw error instanceof FatalError ? refusedUpload(error) : error;
    }
  }

  async #write(records: readonly RowRecord[]): Promise<RecordPlace[]> {
    const header = newFileHeader();
    const salt = parseFileHeader(Buffer.from(header))!;
    const body = Buffer.concat([header, ...records.flatMap((record) => recordPieces(record, salt))]);
    for (let tries = 0; tries < NUMBERS; tries++) {
      const file = numberOf(this.#ownership.run, this.#next++);
      this.#doubtful.set(file, { bytes: body.length - FILE_HEADER_BYTES, since: performance.now() });
      const outcome = await this.#endpoint.put(objectName(file), body, true);
      const found =
        outcome === "done" ? header : await this.#endpoint.get(objectName(file), 0, FILE_HEADER_BYTES);
      // What was written before its answer was lost has the same salt, which is nobody else's.
      if (found !== undefined && Buffer.compare(found, header) === 0) return this.#wrote(file, salt, records);
      if (found !== undefined) this.#doubtful.delete(file);
    }
    throw new Error("objects of another hand lie where this node writes");
  }

  #wrote(file: number, salt: Uint8Array, records: readonly RowRecord[]): RecordPlace[] {
    const { places, end } = placesFrom(file, FILE_HEADER_BYTES, records);
    this.#salts.set(file, salt);
    this.#sizes.set(file, end - FILE_HEADER_BYTES);
    this.#doubtful.delete(file);
    return places;
  }

  /** Of an append that failed nothing counts, what was written of it neither. */
  #disown(first: number): void {
    for (let place = first; place < this.#next; place++) {
      const file = numberOf(this.#ownership.run, place);
      const bytes = this.#sizes.get(file);
      if (bytes === undefined) continue;
      this.#sizes.delete(file);
      this.#doubtful.set(file, { bytes, since: performance.now() });
    }
  }

  async #readFrom(file: number, places: readonly RecordPlace[]): Promise<(Uint8Array | undefined)[]> {
    const payloads: (Uint8Array | undefined)[] = new Array(places.length);
    const spans = spansOf(places, GAP_BYTES);
    const name = objectName(file);
    const [salt, ...pieces] = await Promise.all([
      this.#saltOf(file),
      ...spans.map(({ start, end }) => this.#endpoint.get(name, start, end - start)),
    ]);
    if (salt === undefined) return payloads;
    for (const [i, span] of spans.entries()) {
      const bytes = pieces[i];
      if (bytes !== undefined) takePayloads(payloads, bytes, span, places, salt);
    }
    return payloads;
  }

  async #saltOf(file: number): Promise<Uint8Array | undefined> {
    const known = this.#salts.get(file);
    if (known !== undefined) return known;
    const header = await this.#endpoint.get(objectName(file), 0, FILE_HEADER_BYTES);
    const salt = header && parseFileHeader(header);
    if (salt !== undefined) this.#salts.set(file, salt);
    return salt;
  }
}

/** Visits the records of an object, which is read whole. @returns bytes that belong to none */
export async function visitObject(
  endpoint: BucketEndpoint,
  file: number,
  size: number,
  visit: RecordVisitor,
): Promise<number> {
  const bytes = await endpoint.get(objectName(file), 0, size);
  if (bytes === undefined) return 0;
  const readAt = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const { end, damaged } = await scanRecords({ file, size: bytes.length, readAt }, 0, visit);
  return damaged + bytes.length - end;
}

/** Records in objects that they fill, in their order. */
function partsOf(records: readonly RowRecord[], objectBytes: number): RowRecord[][] {
  const parts: RowRecord[][] = [];
  let room = 0;
  for (const record of records) {
    const bytes = recordBytes(record.payload.length);
    if (parts.length === 0 || bytes > room) {
      parts.push([]);
      room = objectBytes;
    }
    parts.at(-1)!.push(record);
    room -= bytes;
  }
  return parts;
}
