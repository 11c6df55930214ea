import type { Provider } from "ethers";
import { ICommittee__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittee__factory.js";
import type { Deployment } from "../../runtime/context.ts";
import { FatalError } from "../../runtime/errors.ts";
import { decodeOwners, slotsOf } from "../format/placement.ts";

export interface CommitteeMember {
  /** 1..255 */
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
  /** Members that own a slot, by rising number. */
  readonly members: readonly CommitteeMember[];
}

/** The committee as the chain has it, read at most once in a while. */
export interface CommitteeView {
  readonly address: string;
  /** @param fresh reads the chain now, whatever is known */
  current(fresh?: boolean): Promise<CommitteeState>;
}

const DEFAULT_TTL_MS = 2_000;

/** @param ttlMs how long an answer of the chain is believed, milliseconds */
export function createCommitteeView(
  provider: Provider,
  deployment: Deployment,
  ttlMs: number = DEFAULT_TTL_MS,
): CommitteeView {
  const address = contractAddress(deployment, "Committee");
  let known: { readonly state: Promise<CommitteeState>; readonly at: number } | undefined;
  return {
    address,
    current(fresh = false) {
      const now = performance.now();
      if (known !== undefined && !fresh && now - known.at < ttlMs) return known.state;
      const state = readCommittee(provider, address);
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

async function readCommittee(provider: Provider, address: string): Promise<CommitteeState> {
  const committee = ICommittee__factory.connect(address, provider);
  const owners = decodeOwners(await committee.owners());
  const numbers = [...new Set(owners)].filter((number) => number !== 0).sort((a, b) => a - b);
  const members = await Promise.all(
    numbers.map(async (number) => {
      const { operator, signer, endpoint } = await committee.memberAt(number);
      return { number, operator, signer, endpoint, slots: slotsOf(owners, number) };
    }),
  );
  return { members };
}
