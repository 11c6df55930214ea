import { type FileHandle, mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type MyceliaError, RetryableError } from "../../runtime/errors.ts";
import { isNoSpace } from "../../runtime/store/noSpace.ts";
import { diskFull } from "./diskSpace.ts";
import { readPayloads } from "./payloadReads.ts";
import {
  FILE_HEADER_BYTES,
  newFileHeader,
  parseFileHeader,
  type RecordPlace,
  type RowRecord,
  recordBytes,
  recordPieces,
} from "./rowRecords.ts";

export interface RowFilesOptions {
  /** A file that has reached this size takes no more records, bytes. */
  readonly maxFileBytes: number;
  /** Least number of a new file: that of one that was removed is not used again. */
  readonly next?: number;
  /** Told how long each flush to disk took, seconds. */
  readonly onFlush?: (seconds: number) => void;
}

interface ActiveFile {
  readonly file: number;
  readonly handle: FileHandle;
  readonly salt: Uint8Array;
  size: number;
}

const NAME = /^rows-(\d{6})\.dat$/;
const VECTOR = 512;

export function rowFileName(file: number): string {
  return `rows-${file.toString().padStart(6, "0")}.dat`;
}

/** Numbers of the row files in a directory, rising. */
export async function listRowFiles(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Append-only files of records. One writer: `append` is called by one at a time (see `SegmentStore`), and what it has
 * resolved is on the disk. Reads may run at any time.
 */
export class RowFiles {
  readonly #directory: string;
  readonly #options: RowFilesOptions;
  readonly #salts = new Map<number, Uint8Array>();
  #active: ActiveFile | undefined;
  #next: number;

  private constructor(directory: string, options: RowFilesOptions, next: number) {
    this.#directory = directory;
    this.#options = options;
    this.#next = next;
  }

  /** Opens the files of a directory, which is made when absent; their tails must be sound (see `recoverRowFiles`). */
  static async open(directory: string, options: RowFilesOptions): Promise<RowFiles> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const last = (await listRowFiles(directory)).at(-1);
    const files = new RowFiles(directory, options, Math.max((last ?? 0) + 1, options.next ?? 1));
    if (last !== undefined) files.#active = await files.#reopen(last);
    return files;
  }

  /** Writes records behind each other and flushes them with one call; where each lies. All are durable or none is known. */
  async append(records: readonly RowRecord[]): Promise<RecordPlace[]> {
    const active = await this.#room();
    const pieces = records.flatMap((record) => recordPieces(record, active.salt));
    const places: RecordPlace[] = [];
    let end = active.size;
    for (const { payload } of records) {
      places.push({ file: active.file, offset: end, length: payload.length });
      end += recordBytes(payload.length);
    }
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

  /** Reads payloads back, in the order of `places`; undefined for one that the disk has damaged, or whose file is gone. */
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
          handle,
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

  /** The file that takes records now. */
  get active(): number | undefined {
    return this.#active?.file;
  }

  /** Has the next records begin a new file, so that the present one can be compacted. Not while `append` runs. */
  async roll(): Promise<void> {
    await this.close();
  }

  /** Removes a file of which nothing is needed any more. @returns its bytes, without its header */
  async remove(file: number): Promise<number> {
    const path = join(this.#directory, rowFileName(file));
    const { size } = await stat(path);
    await unlink(path);
    this.#salts.delete(file);
    await syncDirectory(this.#directory);
    return Math.max(0, size - FILE_HEADER_BYTES);
  }

  async #openToRead(file: number): Promise<FileHandle | undefined> {
    try {
      return await open(join(this.#directory, rowFileName(file)), "r");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
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
