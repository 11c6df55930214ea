import { type FileHandle, open, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type MyceliaError, RetryableError } from "../../runtime/errors.ts";
import { isNoSpace } from "../../runtime/store/noSpace.ts";
import { visitRowFile } from "./directoryRecovery.ts";
import { DiskSpace, diskFull } from "./diskSpace.ts";
import { readPayloads } from "./payloadReads.ts";
import type { RecordVisitor } from "./recordScan.ts";
import { listRowFiles, readAtOf, rowFileName } from "./rowFileAccess.ts";
import type { RowFiles } from "./rowFiles.ts";
import {
  FILE_HEADER_BYTES,
  newFileHeader,
  parseFileHeader,
  placesFrom,
  type RecordPlace,
  type RowRecord,
  recordPieces,
} from "./rowRecords.ts";

export interface DirectoryOptions {
  /** A file that has reached this size takes no more records, bytes. */
  readonly maxFileBytes: number;
  /** Bytes of the disk that uploads leave free; none when absent. */
  readonly reserveBytes?: number;
  /** Told how long each flush to disk took, seconds. */
  readonly onFlush?: (seconds: number) => void;
}

interface ActiveFile {
  readonly file: number;
  readonly handle: FileHandle;
  readonly salt: Uint8Array;
  size: number;
}

const VECTOR = 512;
const COPY_BYTES = 1024 * 1024;

/**
 * Append-only files of records. One writer: `append` is called by one at a time (see `SegmentStore`), and what it has
 * resolved is on the disk. Reads may run at any time.
 */
export class DirectoryFiles implements RowFiles {
  readonly copyBytes = COPY_BYTES;
  readonly #directory: string;
  readonly #options: DirectoryOptions;
  readonly #space: DiskSpace;
  readonly #salts = new Map<number, Uint8Array>();
  #active: ActiveFile | undefined;
  #next: number;

  private constructor(directory: string, options: DirectoryOptions, next: number) {
    this.#directory = directory;
    this.#options = options;
    this.#space = new DiskSpace(directory, options.reserveBytes ?? 0);
    this.#next = next;
  }

  /**
   * Opens the files of a directory, whose tails must be sound (see `recoverRowFiles`).
   * @param least number of a new file: that of one that was removed is not used again
   */
  static async open(directory: string, options: DirectoryOptions, least: number): Promise<DirectoryFiles> {
    const last = (await listRowFiles(directory)).at(-1);
    const files = new DirectoryFiles(directory, options, Math.max((last ?? 0) + 1, least));
    if (last !== undefined) files.#active = await files.#reopen(last);
    return files;
  }

  /** Writes records behind each other and flushes them with one call. */
  async append(records: readonly RowRecord[]): Promise<RecordPlace[]> {
    const active = await this.#room();
    const pieces = records.flatMap((record) => recordPieces(record, active.salt));
    const { places, end } = placesFrom(active.file, active.size, records);
    try {
      await writeAll(active.handle, pieces, active.size);
      const started = performance.now();
      await active.handle.datasync();
      this.#options.onFlush?.((performance.now() - started) / 1000);
    } catch (cause) {
      await this.#abandon(cause);
    }
    active.size = end;
    return places;
  }

  async read(places: readonly RecordPlace[]): Promise<(Uint8Array | undefined)[]> {
    const payloads: (Uint8Array | undefined)[] = new Array(places.length);
    for (const file of new Set(places.map((place) => place.file))) {
      const handle = await this.#openToRead(file);
      if (handle === undefined) continue;
      try {
        const salt = this.#salts.get(file) ?? (await readSalt(handle));
        if (salt === undefined) continue;
        this.#salts.set(file, salt);
        const here = places.flatMap((place, index) => (place.file === file ? [index] : []));
        const found = await readPayloads(
          readAtOf(handle),
          here.map((index) => places[index]!),
          salt,
        );
        for (const [i, index] of here.entries()) payloads[index] = found[i];
      } finally {
        await handle.close();
      }
    }
    return payloads;
  }

  get active(): number | undefined {
    return this.#active?.file;
  }

  get maxFileBytes(): number {
    return this.#options.maxFileBytes;
  }

  requireRoom(bytes: number): Promise<void> {
    return this.#space.require(bytes);
  }

  async roll(): Promise<void> {
    await this.close();
  }

  async sizeOf(file: number): Promise<number | undefined> {
    const found = await unlessMissing(stat(join(this.#directory, rowFileName(file))));
    return found && Math.max(0, found.size - FILE_HEADER_BYTES);
  }

  async visit(file: number, visit: RecordVisitor): Promise<void> {
    if ((await this.sizeOf(file)) !== undefined) await visitRowFile(this.#directory, file, visit);
  }

  /** Files that end are full. */
  mergeable(): number[] {
    return [];
  }

  /** A write that failed is cut off at once. */
  async strays(): Promise<ReadonlyMap<number, number>> {
    return new Map();
  }

  async remove(file: number): Promise<number> {
    const bytes = (await this.sizeOf(file)) ?? 0;
    await rm(join(this.#directory, rowFileName(file)), { force: true });
    this.#salts.delete(file);
    await syncDirectory(this.#directory);
    return bytes;
  }

  #openToRead(file: number): Promise<FileHandle | undefined> {
    return unlessMissing(open(join(this.#directory, rowFileName(file)), "r"));
  }

  async close(): Promise<void> {
    await this.#active?.handle.close();
    this.#active = undefined;
  }

  async #room(): Promise<ActiveFile> {
    if (this.#active !== undefined && this.#active.size < this.#options.maxFileBytes) return this.#active;
    await this.close();
    const file = this.#next++;
    const path = join(this.#directory, rowFileName(file));
    try {
      const handle = await open(path, "wx+", 0o600);
      this.#active = await start(handle, file);
      await syncDirectory(this.#directory);
      return this.#active;
    } catch (cause) {
      await this.close();
      await unlink(path).catch(() => undefined);
      throw refusal(cause);
    }
  }

  /** The file to go on with; undefined when its header is damaged or does not fit, and the next file takes over. */
  async #reopen(file: number): Promise<ActiveFile | undefined> {
    const handle = await open(join(this.#directory, rowFileName(file)), "r+");
    const { size } = await handle.stat();
    if (size === 0) return await start(handle, file).catch(() => undefined);
    const salt = await readSalt(handle);
    if (salt !== undefined) return { file, handle, salt, size };
    await handle.close();
    return undefined;
  }

  /** After a failed write or flush nobody knows what the file holds; it is cut back and never written again. */
  async #abandon(cause: unknown): Promise<never> {
    const failed = this.#active;
    this.#active = undefined;
    await failed?.handle.truncate(failed.size).catch(() => undefined);
    await failed?.handle.close().catch(() => undefined);
    // Refusals on a full disk must not leave a file each.
    if (failed?.size === FILE_HEADER_BYTES)
      await unlink(join(this.#directory, rowFileName(failed.file))).catch(() => undefined);
    throw refusal(cause);
  }
}

function refusal(cause: unknown): MyceliaError {
  if (isNoSpace(cause)) return diskFull(cause);
  return new RetryableError("storage/write-failed", "the disk did not take the rows; try again", {}, cause);
}

/** The salt at the start of a file, or undefined when its header is damaged or not there. */
export async function readSalt(handle: FileHandle): Promise<Uint8Array | undefined> {
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, FILE_HEADER_BYTES, 0);
  return parseFileHeader(bytes.subarray(0, bytesRead));
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function start(handle: FileHandle, file: number): Promise<ActiveFile> {
  const header = newFileHeader();
  try {
    await writeRest(handle, header, 0);
    await handle.datasync();
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { file, handle, salt: parseFileHeader(Buffer.from(header))!, size: header.length };
}

/** Makes new directory entries durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], start: number): Promise<void> {
  let position = start;
  for (let at = 0; at < pieces.length; at += VECTOR) {
    const some = pieces.slice(at, at + VECTOR);
    const wanted = some.reduce((sum, piece) => sum + piece.length, 0);
    const { bytesWritten } = await handle.writev(some, position);
    if (bytesWritten < wanted)
      await writeRest(handle, Buffer.concat(some).subarray(bytesWritten), position + bytesWritten);
    position += wanted;
  }
}

/** A short write is no error; what is left is written on. */
async function writeRest(handle: FileHandle, rest: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < rest.length; ) {
    const { bytesWritten } = await handle.write(rest, done, rest.length - done, position + done);
    done += bytesWritten;
  }
}
