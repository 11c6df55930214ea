import type { Provider } from "ethers";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import type { ICommittees } from "../../../typechain-types/storage/interfaces/ICommittees.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError } from "../../runtime/errors.ts";
import { decodeOwners, slotsOf } from "../format/placement.ts";

export interface CommitteeMember {
  /** Its seat, 1..255. */
  readonly number: number;
  readonly operator: string;
  /** Hot key: signs receipts, and is the audience of requests to the member. */
  readonly signer: string;
  /** Base URL. */
  readonly endpoint: string;
  /** Slots that it owns, as a set. */
  readonly slots: bigint;
}

export interface CommitteeState {
  /** Number of changes of the table so far, which certificates name. */
  readonly version: number;
  /** Members that own a slot, by rising number. */
  readonly members: readonly CommitteeMember[];
}

/** A committee as the chain has it, read at most once in a while. */
export interface CommitteeView {
  /** Of the contract. */
  readonly address: string;
  /** Number of the committee. */
  readonly committee: number;
  /** @param fresh reads the chain now, whatever is known */
  current(fresh?: boolean): Promise<CommitteeState>;
}

export interface CommitteeViewOptions {
  /** Number of the committee; the first when absent. */
  readonly committee?: number;
  /** How long an answer of the chain is believed, milliseconds. */
  readonly ttlMs?: number;
}

const DEFAULT_TTL_MS = 2_000;

export function createCommitteeView(
  provider: Provider,
  deployment: Deployment,
  { committee = 0, ttlMs = DEFAULT_TTL_MS }: CommitteeViewOptions = {},
): CommitteeView {
  const address = contractAddress(deployment, "Committees");
  const committees = ICommittees__factory.connect(address, provider);
  let known: { readonly state: Promise<CommitteeState>; readonly at: number } | undefined;
  let latest: { readonly block: string | null; readonly state: CommitteeState } | undefined;
  const read = async (): Promise<CommitteeState> => {
    // All of one block, so that the version is that of the table; and once a block, as nothing changes meanwhile.
    const { hash, number } = (await provider.getBlock("latest"))!;
    if (hash !== null && latest?.block === hash) return latest.state;
    const state = await readMembers(committees, committee, number);
    latest = { block: hash, state };
    return state;
  };
  return {
    address,
    committee,
    current(fresh = false) {
      const now = performance.now();
      if (known !== undefined && !fresh && now - known.at < ttlMs) return known.state;
      const state = read();
      const entry = { state, at: now };
      known = entry;
      state.catch(() => {
        if (known === entry) known = undefined;
      });
      return state;
    },
  };
}

/** @throws FatalError storage/not-deployed */
export function contractAddress(deployment: Deployment, name: string): string {
  const contract = deployment.contracts[name];
  if (contract !== undefined) return contract.address;
  throw new FatalError(
    "storage/not-deployed",
    `the deployment on chain ${deployment.chainId} has no ${name}`,
    {
      chainId: deployment.chainId,
      name,
    },
  );
}

async function readMembers(
  committees: ICommittees,
  committee: number,
  blockTag: number,
): Promise<CommitteeState> {
  const [words, version] = await Promise.all([
    committees.owners(committee, { blockTag }),
    committees.versionOf(committee, { blockTag }),
  ]);
  const owners = decodeOwners(words);
  const seats = [...new Set(owners)].filter((seat) => seat !== 0).sort((a, b) => a - b);
  const members = await Promise.all(
    seats.map(async (number) => {
      const { operator, signer, endpoint } = await committees.memberAt(committee, number, { blockTag });
      return { number, operator, signer, endpoint, slots: slotsOf(owners, number) };
    }),
  );
  return { version: Number(version), members };
}
