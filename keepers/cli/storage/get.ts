import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { hexlify } from "ethers";
import { openCodec } from "../../coding/openCodec.ts";
import { extractDirectory } from "../../storage/client/extract.ts";
import type { Blame, StorageClient, StoredObject } from "../../storage/client.ts";
import { createStorageClient } from "../../storage/client.ts";
import { parseMoney } from "../commands/globals.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import type { Output } from "../terminal/output.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { withPerson } from "../withPerson.ts";
import { readKeyFile } from "./keyFile.ts";
import { parseRoot } from "./objectRoot.ts";
import { PaidReading, type Payment } from "./paidReading.ts";

export interface GetRequest extends PersonChoice {
  readonly dataDir: string;
  /** Hex. */
  readonly root: string;
  /** File, or "-" for standard output; a directory with `directory`. */
  readonly out: string;
  /** Takes the object for a directory and writes its files. */
  readonly directory: boolean;
  /** First byte wanted. */
  readonly offset: number;
  /** Bytes wanted; to the end when absent. */
  readonly length?: number;
  /** File with the key that it was encrypted under. */
  readonly decrypt?: string;
  /** MYC that may be locked to pay members that ask for it; nobody is paid when absent. */
  readonly pay?: string;
  readonly output: Output;
}

export interface ReadFileResult {
  /** File or directory that was written. */
  readonly file: string;
  readonly files: number;
  /** Bytes written. */
  readonly size: number;
  readonly rebuilt: number;
  readonly blamed: readonly Blame[];
  /** Where it was to be paid for. */
  readonly payment?: Payment;
}

interface Reading {
  readonly key: { readonly key?: Uint8Array };
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Reads an object into a file that appears only when it is whole, or a directory file by file. */
export async function getObject(request: GetRequest): Promise<ReadFileResult> {
  const { dataDir, out, output } = request;
  const root = parseRoot(request.root);
  const key = request.decrypt === undefined ? {} : { key: readKeyFile(request.decrypt) };
  const pay = request.pay === undefined ? undefined : parseMoney(request.pay);
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async (person, signal) => {
      const codec = await openCodec(person);
      const objectRoot = hexlify(root);
      const paying = pay && (await PaidReading.begin(person, { codec, objectRoot, pay, output, signal }));
      const readSessionFor = paying && ((committee: number) => paying.sessionFor(committee));
      const storage = createStorageClient({ ...person, codec, ...(readSessionFor && { readSessionFor }) });
      const progress = createProgress("reading", !output.json && out !== "-");
      const reading = { key, signal, progress };
      try {
        const read = request.directory
          ? await readDirectory(storage, root, out, reading)
          : await readObject(storage, root, request, reading);
        return { ...read, ...(paying && { payment: await paying.payment() }) };
      } catch (error) {
        progress.end();
        throw paying ? await paying.failureOf(error) : error;
      } finally {
        progress.end();
      }
    },
  );
}

async function readObject(
  storage: StorageClient,
  root: Uint8Array,
  { out, offset, length }: GetRequest,
  { key, signal, progress }: Reading,
): Promise<ReadFileResult> {
  const object: StoredObject = await storage.get(root, {
    ...key,
    signal,
    onProgress: ({ done, total }) => progress.update(done, total ?? 0),
  });
  const size = length ?? object.size - offset;
  await write(Readable.from(object.range(offset, size)), out);
  const { rebuilt, blamed } = object.report;
  return { file: out, files: 1, size, rebuilt, blamed };
}

async function readDirectory(
  storage: StorageClient,
  root: Uint8Array,
  out: string,
  { key, signal, progress }: Reading,
): Promise<ReadFileResult> {
  const directory = await storage.openDirectory(root, { ...key, signal });
  let [done, total] = [0, 0];
  for await (const { size } of directory.files()) total += size;
  const { files, bytes } = await extractDirectory(directory, out, {
    ...key,
    signal,
    onFile: ({ size }) => {
      done += size;
      progress.update(done, total);
    },
  });
  return { file: out, files, size: bytes, rebuilt: 0, blamed: [] };
}

async function write(bytes: Readable, out: string): Promise<void> {
  if (out === "-") {
    for await (const chunk of bytes) process.stdout.write(chunk as Uint8Array);
    return;
  }
  const unfinished = `${out}.part`;
  try {
    await pipeline(bytes, createWriteStream(unfinished));
    await rename(unfinished, out);
  } finally {
    await rm(unfinished, { force: true });
  }
}
