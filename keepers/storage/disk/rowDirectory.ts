import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DirectoryFiles, type DirectoryOptions } from "./directoryFiles.ts";
import { reachesCursor, recoverRowFiles } from "./directoryRecovery.ts";
import type { RecordVisitor } from "./recordScan.ts";
import { rowFileName } from "./rowFileAccess.ts";
import type { RecoveryReport, RowCursor, RowPlace } from "./rowFiles.ts";

/** Most that a name has digits for. */
const MOST_FILES = 999_999;

/** Row files in a directory, which is made when absent. */
export class RowDirectory implements RowPlace {
  readonly hasCursor = true;
  readonly #directory: string;
  readonly #options: DirectoryOptions;

  constructor(directory: string, options: DirectoryOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  async forget(file: number): Promise<void> {
    await rm(join(this.#directory, rowFileName(file)), { force: true });
  }

  async bearsOut(cursor: RowCursor, known: readonly number[]): Promise<boolean> {
    // Nothing is known, or its last file was removed. A larger number is that of an object in a bucket.
    if (cursor.offset === 0 && cursor.file <= MOST_FILES) return true;
    return await reachesCursor(this.#directory, cursor, known);
  }

  recover(cursor: RowCursor, _known: ReadonlySet<number>, visit: RecordVisitor): Promise<RecoveryReport> {
    return recoverRowFiles(this.#directory, cursor, visit);
  }

  open({ file }: RowCursor): Promise<DirectoryFiles> {
    return DirectoryFiles.open(this.#directory, this.#options, file);
  }

  async abandon(): Promise<void> {}
}
