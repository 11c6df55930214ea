import { type BigIntStats, createReadStream, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FatalError } from "../../runtime/errors.ts";

/** A file on this machine. */
export interface LocalFile {
  /** Path below the directory, parts divided by "/". */
  readonly path: string;
  readonly file: string;
  readonly facts: BigIntStats;
}

/** Bytes read at once: a segment, which then isn't copied. */
const READ_BYTES = 4 * 1024 * 1024;

/** @throws FatalError cli/no-file */
export function factsOf(file: string): BigIntStats {
  try {
    return statSync(file, { bigint: true });
  } catch (cause) {
    throw new FatalError("cli/no-file", `cannot read ${file}`, { file }, cause);
  }
}

/** All files below a directory, by path. Links are followed to files, and refused when they lead to a folder or nowhere. */
export async function filesBelow(directory: string): Promise<LocalFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files: LocalFile[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const file = join(entry.parentPath, entry.name);
    const facts = factsOf(file);
    if (!facts.isFile())
      throw new FatalError("cli/no-file", `${file} is no file; only files can be stored`, { file });
    const path = file.slice(join(directory, "x").length - 1).replaceAll("\\", "/");
    files.push({ path, file, facts });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function readLocal(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: READ_BYTES });
}
