import { readFileSync } from "node:fs";
import { hexlify } from "ethers";
import { openCodec } from "../../coding/openCodec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { createStorageClient } from "../../storage/client.ts";
import { type InclusionProof, inclusionToJson, parseInclusion } from "../../storage/format/inclusion.ts";
import { verifyInclusion } from "../../storage/publisher/proofs.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type Person, type PersonChoice } from "../person.ts";
import { withPerson } from "../withPerson.ts";
import { parseRoot } from "./objectRoot.ts";
import { createStoredRecords, type StoredRecord } from "./storedRecords.ts";

export interface ProofRequest extends PersonChoice {
  readonly dataDir: string;
}

/** A proof for each segment of the batches that an object lies in, checked against the chain. */
export async function proveStored(
  request: ProofRequest & { readonly root: string },
): Promise<{ readonly proofs: readonly object[]; readonly batches: readonly bigint[] }> {
  const root = hexlify(parseRoot(request.root));
  return await withPerson(
    () => openPerson(request.dataDir, requireNetwork(request.dataDir), request),
    async (person, signal) => {
      const records = createStoredRecords(person.store);
      const { batches } = await requireRecord(records, root);
      const contents = await Promise.all(
        batches.map(async (id) => ({ id, contents: (await records.contentsOf(id)) ?? [] })),
      );
      const codec = await openCodec(person, { threads: 0 });
      const proofs = await createStorageClient({ ...person, codec }).prove(contents, { signal });
      await verifyAll(person, proofs, signal);
      return { proofs: proofs.map(inclusionToJson), batches };
    },
  );
}

/** Checks proofs out of a file, whoever made them, with the chain alone; how many hold. */
export async function checkProofs(request: ProofRequest & { readonly file: string }): Promise<number> {
  const proofs = parseProofs(request.file);
  return await withPerson(
    () => openPerson(request.dataDir, requireNetwork(request.dataDir), request),
    async (person, signal) => {
      await verifyAll(person, proofs, signal);
      return proofs.length;
    },
  );
}

async function verifyAll(
  person: Person,
  proofs: readonly InclusionProof[],
  signal: AbortSignal,
): Promise<void> {
  for (const proof of proofs) await verifyInclusion(person, proof, signal);
}

async function requireRecord(
  records: ReturnType<typeof createStoredRecords>,
  root: string,
): Promise<StoredRecord> {
  const record = await records.get(root);
  if (record !== undefined && record.batches.length > 0) return record;
  const why = record === undefined ? "has not stored" : "has not published";
  throw new FatalError("cli/not-published", `this key ${why} the object ${root}: see mycelia storage ls`, {
    root,
  });
}

function parseProofs(file: string): InclusionProof[] {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new FatalError("cli/no-file", `cannot read proofs from ${file}`, { file }, cause);
  }
  const { proofs } = data as { proofs?: unknown };
  if (Array.isArray(proofs) && proofs.length > 0) return proofs.map((proof) => parseInclusion(proof));
  throw new FatalError(
    "cli/no-file",
    `${file} holds no proofs: it should be what storage proof --json prints`,
    {
      file,
    },
  );
}
