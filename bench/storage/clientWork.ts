import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { StorageClient, StoredParts } from "../../keepers/storage/client.ts";

const readBytes = 1024 * 1024;
/** One small object in this many is read back and compared. */
const readBackEvery = 250;

/** What a client may be asked to do. */
export type Work =
  | { readonly kind: "put"; readonly file: string }
  | { readonly kind: "get"; readonly objectRoot: string }
  | SmallObjects;

/** The first bytes of a file, cut into objects. */
export interface SmallObjects {
  readonly kind: "put small objects";
  readonly file: string;
  readonly count: number;
  /** Of each object; divides what is read at once. */
  readonly bytes: number;
}

export interface Done {
  /** Bytes of all objects. */
  readonly size: number;
  /** "full" or worse for a put; how many segments needed parity or were miscoded, or who failed, for a get. */
  readonly outcome: string;
  /** Lower-case hex; empty for many objects. */
  readonly objectRoot: string;
  /** CRC-32 of all objects as they went in or came out. */
  readonly crc: number;
}

/** What is left to do once the work is done and measured. */
export interface Afterwards {
  readonly stored?: Pick<StoredParts, "segments">;
  /** @throws Error when something comes back changed */
  readonly check?: () => Promise<void>;
}

export async function work(storage: StorageClient, what: Work): Promise<Done & Afterwards> {
  if (what.kind === "put") return await put(storage, what.file);
  if (what.kind === "get") return await get(storage, what.objectRoot);
  return await putSmall(storage, what);
}

async function put(storage: StorageClient, file: string): Promise<Done> {
  const { size } = await stat(file);
  let crc = 0;
  async function* source() {
    for await (const chunk of chunksOf(file, size)) {
      crc = crc32(chunk, crc);
      yield chunk;
    }
  }
  const { objectRoot, state } = await storage.put(source(), { size });
  return { objectRoot: Buffer.from(objectRoot).toString("hex"), size, crc, outcome: state };
}

async function get(storage: StorageClient, objectRoot: string): Promise<Done> {
  const object = await storage.get(Buffer.from(objectRoot, "hex"));
  let [size, crc] = [0, 0];
  for await (const chunk of object) {
    crc = crc32(chunk, crc);
    size += chunk.length;
  }
  const { blamed, failures, miscoded, rebuilt } = object.report;
  const isClean = blamed.length + failures.length + miscoded.length === 0;
  return { objectRoot, size, crc, outcome: isClean ? `${rebuilt} segments needed parity` : "members failed" };
}

async function putSmall(
  storage: StorageClient,
  { file, count, bytes }: SmallObjects,
): Promise<Done & Afterwards> {
  const size = count * bytes;
  const kept = new Map<number, Uint8Array>();
  let [crc, number] = [0, 0];
  async function* objects() {
    for await (const chunk of chunksOf(file, size)) {
      crc = crc32(chunk, crc);
      for (let at = 0; at < chunk.length; at += bytes, number++) {
        const object = chunk.subarray(at, at + bytes);
        if (number % readBackEvery === 0) kept.set(number, object.slice());
        yield object;
      }
    }
  }
  const stored = await storage.putMany(objects(), { size });
  return {
    ...{ objectRoot: "", size, crc, outcome: stored.state, stored },
    async check() {
      if (stored.objectRoots.length !== count) throw new Error(`${stored.objectRoots.length} were stored`);
      for (const [place, object] of kept) {
        const read = await (await storage.get(stored.objectRoots[place]!)).bytes();
        if (Buffer.compare(read, object) !== 0) throw new Error(`object ${place} came back changed`);
      }
    },
  };
}

function chunksOf(file: string, size: number): AsyncIterable<Buffer> {
  return createReadStream(file, { highWaterMark: readBytes, end: size - 1 });
}
