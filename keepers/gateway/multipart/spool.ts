import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../refusal.ts";

/** A part on the gateway's own disk. */
export interface SpooledFile {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
}

const FILE = /^[0-9a-f]{32}$/;
const READ_BYTES = 1024 * 1024;

/** Bytes that wait on disk until their object is complete, within a quota; a file counts once its record is written. */
export class Spool {
  readonly #directory: string;
  readonly #quotaBytes: number;
  #usedBytes = 0;

  private constructor(directory: string, quotaBytes: number) {
    this.#directory = directory;
    this.#quotaBytes = quotaBytes;
  }

  /** @param kept files with a record, and their sizes; what else lies there is of a write that was cut off, and goes */
  static async open(
    directory: string,
    quotaBytes: number,
    kept: ReadonlyMap<string, number>,
  ): Promise<Spool> {
    const spool = new Spool(directory, quotaBytes);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory)) {
      if (FILE.test(name) && !kept.has(name)) await rm(join(directory, name), { force: true });
    }
    for (const size of kept.values()) spool.#usedBytes += size;
    return spool;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * Writes a file that is durable once this resolves.
   * @param size bytes, where they are known: refused before any is read
   * @throws Refusal SlowDown when the spool is full; what reading the source throws
   */
  async write(source: AsyncIterable<Uint8Array>, size: number | undefined): Promise<SpooledFile> {
    if (size !== undefined && this.#usedBytes + size > this.#quotaBytes) throw this.#full();
    const file = randomBytes(16).toString("hex");
    let written = 0;
    try {
      const handle = await open(this.#path(file), "wx", 0o600);
      const hash = createHash("sha256");
      try {
        for await (const bytes of source) {
          this.#take(bytes.length);
          written += bytes.length;
          hash.update(bytes);
          await handle.writeFile(bytes);
        }
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await this.#syncDirectory();
      return { file, size: written, sha256: hash.digest("hex") };
    } catch (error) {
      await this.remove({ file, size: written });
      throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? this.#full(error) : error;
    }
  }

  read({ file, size }: Pick<SpooledFile, "file" | "size">): AsyncIterable<Uint8Array> {
    return size === 0 ? none() : createReadStream(this.#path(file), { highWaterMark: READ_BYTES });
  }

  async remove({ file, size }: Pick<SpooledFile, "file" | "size">): Promise<void> {
    await rm(this.#path(file), { force: true });
    this.#usedBytes -= size;
  }

  #take(bytes: number): void {
    if (this.#usedBytes + bytes > this.#quotaBytes) throw this.#full();
    this.#usedBytes += bytes;
  }

  #path(file: string): string {
    return join(this.#directory, file);
  }

  /** A new file is found again after a power cut only when its directory is on disk too. */
  async #syncDirectory(): Promise<void> {
    const directory = await open(this.#directory, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #full(cause?: unknown): Refusal {
    const message = `the spool of this gateway is full (${this.#quotaBytes} bytes for parts of uploads that are not complete); complete or abort uploads, or try again later`;
    return new Refusal("SlowDown", message, { quotaBytes: this.#quotaBytes }, cause);
  }
}

async function* none(): AsyncGenerator<Uint8Array> {}
