import { FatalError, RetryableError } from "../runtime/errors.ts";
import { type CommitteeMember, createCommitteeView } from "./chain/committeeView.ts";
import type {
  ClientLimits,
  PublishedBatch,
  PutOptions,
  PutResult,
  StorageCallOptions,
  StorageClient,
  StorageClientNeeds,
  StoredObject,
} from "./client/clientTypes.ts";
import { openObject } from "./client/download.ts";
import { createMemberApi } from "./client/memberApi.ts";
import { publishObjects } from "./client/publish.ts";
import { putObject } from "./client/upload.ts";
import { KeyedLock } from "./disk/keyedLock.ts";

export type * from "./client/clientTypes.ts";

const DEFAULT_LIMITS: ClientLimits = {
  requestMs: 30_000,
  hedgeMs: 1_000,
  graceMs: 10_000,
  segmentsInFlight: 2,
  attempts: 3,
};

/** A client of the storage network; it holds nothing open that is not given to it. */
export function createStorageClient(needs: StorageClientNeeds): StorageClient {
  const { provider, chainId, deployment, http, codec, signer, transactions } = needs;
  const limits = { ...DEFAULT_LIMITS, ...needs.limits };
  const committee = createCommitteeView(provider, deployment);
  const api = createMemberApi({ http, chainId, signer, timeoutMs: limits.requestMs });
  const publishing = new KeyedLock();
  const members = async (): Promise<readonly CommitteeMember[]> => {
    const state = await committee.current(true);
    if (state.members.length > 0) return state.members;
    throw new RetryableError("storage/no-committee", `the committee ${committee.address} has no member yet`);
  };
  return {
    async put(source, options: PutOptions = {}): Promise<PutResult> {
      if (signer === undefined) throw unsigned("storing");
      const scope = { chainId, committee: committee.address };
      return await putObject({ codec, api, scope, limits, members: await members() }, source, options);
    },
    async get(objectRoot: Uint8Array, options: StorageCallOptions = {}): Promise<StoredObject> {
      return await openObject({ codec, api, limits, members: await members() }, objectRoot, options);
    },
    async publish(objects, options: StorageCallOptions = {}): Promise<PublishedBatch> {
      if (transactions === undefined || signer === undefined) throw unsigned("publishing");
      const signal = options.signal ?? new AbortController().signal;
      const told = await members();
      // One after the other: each sets the allowance that its own fee needs.
      return await publishing.run("allowance", () =>
        publishObjects({ provider, deployment, transactions, api, members: told }, objects, signal),
      );
    },
  };
}

function unsigned(act: string): FatalError {
  return new FatalError(
    "storage/no-signer",
    `${act} needs a key; make the client with a signer and a transaction sender`,
  );
}
