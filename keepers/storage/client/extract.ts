import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { FatalError } from "../../runtime/errors.ts";
import type { DirectoryEntry } from "../format/directory.ts";
import type { GetOptions, StoredDirectory, StoredObject } from "./clientTypes.ts";

export interface ExtractOptions extends Pick<GetOptions, "key" | "signal"> {
  /** Told of each file once it stands under its name. */
  readonly onFile?: (entry: DirectoryEntry) => void;
}

export interface Extracted {
  readonly files: number;
  /** Bytes written. */
  readonly bytes: number;
}

/**
 * Writes the files of a directory under `target`, which is made when it is missing, and never outside of it: paths are
 * checked when the list is read, no link on the way is followed, and what stands under a file's name is replaced only by
 * the whole file. Nobody else may change `target` meanwhile.
 * @throws FatalError storage/unsafe-target when a file or link stands where a folder belongs, or a folder where a file does
 */
export async function extractDirectory(
  directory: StoredDirectory,
  target: string,
  { key, signal, onFile }: ExtractOptions = {},
): Promise<Extracted> {
  await mkdir(target, { recursive: true });
  const root = await realpath(target);
  let [files, bytes] = [0, 0];
  for await (const entry of directory.files()) {
    signal?.throwIfAborted();
    const options = { ...(key !== undefined && { key }), ...(signal !== undefined && { signal }) };
    const object = await directory.open(entry, options);
    await writeFile(root, entry.path.split("/"), object);
    files++;
    bytes += object.size;
    onFile?.(entry);
  }
  return { files, bytes };
}

async function writeFile(root: string, parts: readonly string[], object: StoredObject): Promise<void> {
  const folder = await makeFolder(root, parts.slice(0, -1));
  const path = join(folder, parts.at(-1)!);
  const partial = join(folder, `.mycelia-${randomBytes(8).toString("hex")}`);
  try {
    // "wx" makes the file: it opens nothing that is there, nor what a link points at.
    const file = await open(partial, "wx");
    try {
      for await (const chunk of object) await file.writeFile(chunk);
      await file.datasync();
    } finally {
      await file.close();
    }
    if ((await kindOf(path)) === "folder") throw unsafe(path, "a folder", "a file");
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Goes down from the root, folder by folder, and makes what is missing. */
async function makeFolder(root: string, parts: readonly string[]): Promise<string> {
  let folder = root;
  for (const part of parts) {
    folder = join(folder, part);
    const kind = await kindOf(folder);
    if (kind === "nothing") await mkdir(folder);
    else if (kind !== "folder") throw unsafe(folder, "a file or a link", "a folder");
  }
  return folder;
}

async function kindOf(path: string): Promise<"nothing" | "folder" | "other"> {
  try {
    return (await lstat(path)).isDirectory() ? "folder" : "other";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "nothing";
    throw error;
  }
}

function unsafe(path: string, found: string, wanted: string): FatalError {
  return new FatalError(
    "storage/unsafe-target",
    `${found} stands at ${path}, where ${wanted} belongs; remove it or choose another target`,
    { path },
  );
}
