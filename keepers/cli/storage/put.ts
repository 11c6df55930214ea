import { basename } from "node:path";
import { hexlify } from "ethers";
import { openCodec } from "../../coding/openCodec.ts";
import type { FileSource, PutResult, StorageClient } from "../../storage/client.ts";
import { createStorageClient } from "../../storage/client.ts";
import { keyId } from "../../storage/format/encryption.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import type { Output } from "../terminal/output.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { withPerson } from "../withPerson.ts";
import { ensureKeyFile } from "./keyFile.ts";
import { factsOf, filesBelow, type LocalFile, readLocal } from "./localFiles.ts";
import { createStoredRecords, type StoredRecords } from "./storedRecords.ts";

export interface PutRequest extends PersonChoice {
  readonly dataDir: string;
  /** File or directory. */
  readonly path: string;
  readonly publish: boolean;
  /** Months of 30 days that are paid for; 0 = for ever. */
  readonly months: number;
  /** File with the key to encrypt under; made when it is missing. */
  readonly encrypt?: string;
  readonly output: Output;
}

export interface StoredFile {
  readonly objectRoot: string;
  /** Bytes of all files. */
  readonly size: number;
  /** Files of a directory; 1 for a file. */
  readonly files: number;
  readonly segments: number;
  /** Of the batches, or of what members hold when nothing was published. */
  readonly state: string;
  readonly slotsCovered: number;
  /** Bytes sent now; 0 when everything was stored before. */
  readonly bytesSent: number;
  /** Position in the log, fee in wei and expiry in seconds of each batch; none when it was not published. */
  readonly batches: readonly { readonly id: number; readonly fee: bigint; readonly expiry: number }[];
}

/** What is put: files with their names, and whether they are a directory. */
interface Load {
  readonly directory: boolean;
  readonly files: readonly LocalFile[];
  readonly size: number;
}

/** Stores a file, or the files of a directory, over the committees, and publishes them. */
export async function putFiles(request: PutRequest): Promise<StoredFile> {
  const { dataDir, path, output, months } = request;
  const load = await loadOf(path);
  const key = request.encrypt === undefined ? undefined : ensureKeyFile(request.encrypt);
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async (person, signal) => {
      const codec = await openCodec(person);
      const storage = createStorageClient({ ...person, codec });
      const records = createStoredRecords(person.store);
      const progress = createProgress(`storing ${basename(path)}`, !output.json);
      const put = await store(storage, records, { load, key, progress, signal });
      progress.end();
      const batches = request.publish ? await storage.publish([put], { signal, months }) : [];
      const objectRoot = hexlify(put.objectRoot);
      const { directory, files, size } = load;
      const ids = batches.map(({ id }) => id);
      const encrypted = key !== undefined;
      const record = { objectRoot, path, size, directory, encrypted, at: Date.now(), batches: ids };
      await records.note(record, batches);
      return { objectRoot, size, files: files.length, ...reached(put, batches) };
    },
  );
}

async function loadOf(path: string): Promise<Load> {
  const facts = factsOf(path);
  const directory = facts.isDirectory();
  const files = directory ? await filesBelow(path) : [{ path: basename(path), file: path, facts }];
  return { directory, files, size: files.reduce((sum, file) => sum + Number(file.facts.size), 0) };
}

interface Storing {
  readonly load: Load;
  readonly key: Uint8Array | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function store(
  storage: StorageClient,
  records: StoredRecords,
  { load, key, progress, signal }: Storing,
): Promise<PutResult> {
  const encryptionOf = async ({ facts }: LocalFile) =>
    key && { key, salt: await records.saltOf(facts, keyId(key)) };
  const options = {
    signal,
    size: load.size,
    onProgress: ({ done }: { readonly done: number }) => progress.update(done, load.size),
  };
  const [first] = load.files;
  if (!load.directory && first !== undefined) {
    const encryption = await encryptionOf(first);
    return await storage.put(readLocal(first.file), { ...options, ...(encryption && { encryption }) });
  }
  async function* sources(): AsyncGenerator<FileSource> {
    for (const file of load.files) {
      const encryption = await encryptionOf(file);
      yield { path: file.path, source: readLocal(file.file), ...(encryption && { encryption }) };
    }
  }
  return await storage.putDirectory(sources(), { ...options, ...(key && { key }) });
}

function reached(
  put: PutResult,
  batches: Awaited<ReturnType<StorageClient["publish"]>>,
): Omit<StoredFile, "objectRoot" | "size" | "files"> {
  const weakest = batches.reduce<Pick<PutResult, "state" | "slotsCovered">>(
    (least, batch) => (batch.slotsCovered < least.slotsCovered ? batch : least),
    put,
  );
  return {
    segments: put.segments.length,
    state: weakest.state,
    slotsCovered: weakest.slotsCovered,
    bytesSent: put.bytesSent,
    batches: batches.map(({ id, fee, expiry }) => ({ id: Number(id), fee, expiry: Number(expiry) })),
  };
}
