import { hexlify } from "ethers";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { FatalError } from "../../runtime/errors.ts";
import { contractAddress } from "../../storage/chain/committeeView.ts";
import { type StorageState, sizeOf } from "../../storage/format/placement.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import { withPerson } from "../withPerson.ts";
import { parseRoot } from "./objectRoot.ts";
import { createStoredRecords, type StoredRecord } from "./storedRecords.ts";

export interface BatchState {
  readonly id: bigint;
  readonly committee: number;
  readonly segments: number;
  readonly state: StorageState;
  readonly slotsCovered: number;
  /** Seconds; 0 = never. */
  readonly expiry: number;
}

export interface ObjectState {
  readonly record: StoredRecord;
  readonly batches: readonly BatchState[];
}

const STATES: readonly StorageState[] = ["none", "accepted", "final", "full"];

/** What the log says of an object that this person has published. @throws FatalError cli/not-stored */
export async function readObjectState(
  request: PersonChoice & { readonly dataDir: string; readonly root: string },
): Promise<ObjectState> {
  const root = hexlify(parseRoot(request.root));
  return await withPerson(
    () => openPerson(request.dataDir, requireNetwork(request.dataDir), request),
    async ({ provider, deployment, store }) => {
      const record = await createStoredRecords(store).get(root);
      if (record === undefined)
        throw new FatalError(
          "cli/not-stored",
          `this key has not stored the object ${root}: see mycelia storage ls`,
          { root },
        );
      const log = IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider);
      const batches = await Promise.all(
        record.batches.map(async (id) => {
          const [batch, state, covered] = await Promise.all([
            log.batchAt(id),
            log.stateOf(id),
            log.coverageOf(id),
          ]);
          return {
            ...{ id, committee: Number(batch.committee), segments: Number(batch.segments) },
            ...{ state: STATES[Number(state)] ?? "none", slotsCovered: sizeOf(covered) },
            expiry: Number(batch.expiry),
          };
        }),
      );
      return { record, batches };
    },
  );
}
