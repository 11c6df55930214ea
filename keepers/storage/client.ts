import { FatalError, RetryableError } from "../runtime/errors.ts";
import { type CommitteeMember, type CommitteeView, createCommitteeView } from "./chain/committeeView.ts";
import { createCommitteeCount } from "./chain/rendezvous.ts";
import type {
  ClientLimits,
  PublishedBatch,
  PublishOptions,
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

/** A year or so, when nothing is said. */
const DEFAULT_MONTHS = 12;
const MAX_MONTHS = 65_535;

/** A client of the storage network; it holds nothing open that is not given to it. */
export function createStorageClient(needs: StorageClientNeeds): StorageClient {
  const { provider, chainId, deployment, http, codec, signer, transactions } = needs;
  const limits = { ...DEFAULT_LIMITS, ...needs.limits };
  const committee = createCommitteeView(provider, deployment);
  const api = createMemberApi({ http, chainId, signer, timeoutMs: limits.requestMs });
  const publishing = new KeyedLock();
  const committeeCount = createCommitteeCount(provider, deployment);
  const members = () => membersOf(committee);
  return {
    async put(source, options: PutOptions = {}): Promise<PutResult> {
      if (signer === undefined) throw unsigned("storing");
      const scope = { chainId, committee: committee.address };
      return await putObject({ codec, api, scope, limits, members: await members() }, source, options);
    },
    async get(objectRoot: Uint8Array, options: StorageCallOptions = {}): Promise<StoredObject> {
      return await openObject({ codec, api, limits, members: await members() }, objectRoot, options);
    },
    async publish(objects, options: PublishOptions = {}): Promise<PublishedBatch[]> {
      if (transactions === undefined || signer === undefined) throw unsigned("publishing");
      const { signal = new AbortController().signal, months = DEFAULT_MONTHS } = options;
      const told = (number: number) =>
        membersOf(createCommitteeView(provider, deployment, { committee: number }));
      const using = { provider, deployment, transactions, api, committeeCount, membersOf: told };
      // One after the other: each sets the allowance that its own fee needs.
      return await publishing.run("allowance", () =>
        publishObjects(using, objects, requireTerm(months), signal),
      );
    },
  };
}

async function membersOf(committee: CommitteeView): Promise<readonly CommitteeMember[]> {
  const state = await committee.current(true);
  if (state.members.length > 0) return state.members;
  throw new RetryableError(
    "storage/no-committee",
    `committee ${committee.committee} of ${committee.address} has no member yet`,
  );
}

function requireTerm(months: number): number {
  if (Number.isInteger(months) && months >= 0 && months <= MAX_MONTHS) return months;
  throw new FatalError(
    "storage/bad-term",
    `a term is 0 (for ever) or 1 to ${MAX_MONTHS} months, not ${months}`,
    { months },
  );
}

function unsigned(act: string): FatalError {
  return new FatalError(
    "storage/no-signer",
    `${act} needs a key; make the client with a signer and a transaction sender`,
  );
}
