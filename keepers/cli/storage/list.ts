import { hexlify } from "ethers";
import { openCodec } from "../../coding/openCodec.ts";
import { createStorageClient } from "../../storage/client.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import { withPerson } from "../withPerson.ts";
import { readKeyFile } from "./keyFile.ts";
import { parseRoot } from "./objectRoot.ts";
import { createStoredRecords, type StoredRecord } from "./storedRecords.ts";

export interface ListRequest extends PersonChoice {
  readonly dataDir: string;
}

export interface ListedFile {
  readonly path: string;
  readonly objectRoot: string;
  /** Bytes that are stored. */
  readonly size: number;
}

/** What this person has stored, the latest first. */
export async function listStored(request: ListRequest): Promise<StoredRecord[]> {
  return await withPerson(
    () => openPerson(request.dataDir, requireNetwork(request.dataDir), request),
    async (person) => {
      const all: StoredRecord[] = [];
      for await (const record of createStoredRecords(person.store).all()) all.push(record);
      return all.sort((a, b) => b.at - a.at);
    },
  );
}

/** The files of a stored directory. */
export async function listDirectory(
  request: ListRequest & { readonly root: string; readonly decrypt?: string },
): Promise<ListedFile[]> {
  const { dataDir, root, decrypt } = request;
  const objectRoot = parseRoot(root);
  const key = decrypt === undefined ? {} : { key: readKeyFile(decrypt) };
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async (person, signal) => {
      const codec = await openCodec(person);
      const entries = await createStorageClient({ ...person, codec }).list(objectRoot, { ...key, signal });
      return entries.map(({ path, size, objectRoot: name }) => ({ path, size, objectRoot: hexlify(name) }));
    },
  );
}
