import { FatalError } from "../../runtime/errors.ts";
import { type DirectoryEntry, parseDirectory } from "../format/directory.ts";
import { sealedBytes } from "../format/encryption.ts";
import type { GetOptions, StoredDirectory, StoredObject } from "./clientTypes.ts";
import { bytesAtHand } from "./objectBytes.ts";
import { type ObjectReader, OpenObject } from "./objectReader.ts";
import { ReadingLedger } from "./readingLedger.ts";

/** A directory whose list is read as it is iterated, and whose files are opened by what it says. */
export class DirectoryReader implements StoredDirectory {
  readonly #reader: ObjectReader;
  readonly #list: StoredObject;

  constructor(reader: ObjectReader, list: StoredObject) {
    this.#reader = reader;
    this.#list = list;
  }

  get objectRoot(): Uint8Array {
    return this.#list.objectRoot;
  }

  files(): AsyncIterable<DirectoryEntry> {
    return parseDirectory(this.#list);
  }

  async open(file: string | DirectoryEntry, options: GetOptions = {}): Promise<StoredObject> {
    const entry = typeof file === "string" ? await this.#find(file) : file;
    const object =
      entry.size === 0 ? emptyFile(entry, options) : await this.#reader.open(entry.objectRoot, options);
    const stored = options.key === undefined || entry.size === 0 ? object.size : sealedBytes(object.size);
    if (stored === entry.size && object.kind === entry.kind) return object;
    throw new FatalError(
      "storage/bad-directory",
      `the directory lists ${JSON.stringify(entry.path)} as ${entry.kind} of ${entry.size} bytes, but it is ${object.kind} of ${stored}`,
    );
  }

  async #find(path: string): Promise<DirectoryEntry> {
    for await (const entry of this.files()) if (entry.path === path) return entry;
    throw new FatalError("storage/no-such-file", `the directory has no file ${JSON.stringify(path)}`, {
      path,
    });
  }
}

function emptyFile({ objectRoot, kind }: DirectoryEntry, options: GetOptions): StoredObject {
  const { signal = new AbortController().signal } = options;
  const content = bytesAtHand(new Uint8Array());
  return new OpenObject({ objectRoot, kind }, content, new ReadingLedger(), { ...options, signal });
}
