import type { Provider } from "ethers";
import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import { IEndowment__factory } from "../../../typechain-types/factories/storage/interfaces/IEndowment__factory.js";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { sizeOf } from "../format/placement.ts";
import { contractAddress, createCommitteeView } from "./committeeView.ts";
import { createCommitteeCount } from "./rendezvous.ts";

/** One committee: who serves on it, and how much it holds. */
export interface CommitteeOverview {
  readonly committee: number;
  readonly members: readonly {
    readonly seat: number;
    readonly operator: string;
    readonly endpoint: string;
    /** Number of slots. */
    readonly slots: number;
  }[];
  /** Slots that have an owner, of 256. */
  readonly ownedSlots: number;
  /** Coded bytes that its members have to hold and prove in this epoch, those that have expired included. */
  readonly auditedBytes: bigint;
}

/** What the chain says of storage as a whole. Prices in wei for a GiB of coded rows, the double of the bytes that are stored. */
export interface StorageOverview {
  /** Of Parameters; audits go by it. */
  readonly epoch: bigint;
  readonly committees: readonly CommitteeOverview[];
  readonly batches: bigint;
  readonly leaseMonthPerGiB: bigint;
  readonly foreverPerGiB: bigint;
  /** Wei that permanent units, leases and surplus hold. */
  readonly endowment: bigint;
}

/** Coded bytes of a unit: 64 of each of 256 slots. */
const UNIT_BYTES = 16_384n;
const UNITS_PER_GIB = 65_536n;

export async function storageOverview(provider: Provider, deployment: Deployment): Promise<StorageOverview> {
  const log = IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const endowment = IEndowment__factory.connect(contractAddress(deployment, "Endowment"), provider);
  const count = await createCommitteeCount(provider, deployment)();
  const numbers = Array.from({ length: count }, (_, committee) => committee);
  const epoch = await currentEpoch(provider, deployment);
  const [committees, batches, leaseMonthPerGiB, foreverPerGiB, held] = await Promise.all([
    Promise.all(numbers.map((committee) => committeeOverview(provider, deployment, committee, epoch))),
    log.batchCount(),
    log.feeUp(UNITS_PER_GIB, 1),
    log.feeUp(UNITS_PER_GIB, 0),
    endowment.totalHeld(),
  ]);
  return { epoch, committees, batches, leaseMonthPerGiB, foreverPerGiB, endowment: held };
}

/** Number of the epoch of the latest block. */
export async function currentEpoch(provider: Provider, deployment: Deployment): Promise<bigint> {
  const parameters = IParameters__factory.connect(contractAddress(deployment, "Parameters"), provider);
  const [block, length] = await Promise.all([provider.getBlock("latest"), parameters.epochLength()]);
  return BigInt(block?.timestamp ?? 0) / length;
}

async function committeeOverview(
  provider: Provider,
  deployment: Deployment,
  committee: number,
  epoch: bigint,
): Promise<CommitteeOverview> {
  const log = IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const [{ members }, units] = await Promise.all([
    createCommitteeView(provider, deployment, { committee }).current(),
    log.unitsAt(committee, epoch),
  ]);
  const seats = members.map(({ number, operator, endpoint, slots }) => {
    return { seat: number, operator, endpoint, slots: sizeOf(slots) };
  });
  const ownedSlots = seats.reduce((sum, { slots }) => sum + slots, 0);
  return { committee, members: seats, ownedSlots, auditedBytes: units * UNIT_BYTES };
}
