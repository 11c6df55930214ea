import type { Provider } from "ethers";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { BatchAppendedEvent } from "../../../typechain-types/storage/interfaces/IStorageLog.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import type { LogHead } from "../format/inclusion.ts";
import { contractAddress } from "./committeeView.ts";

/** A batch as the storage log recorded it. */
export interface LoggedBatch {
  /** Position in the log. */
  readonly id: bigint;
  /** 0x-hex. */
  readonly root: string;
  readonly owner: string;
  /** Number of the committee that holds it. */
  readonly committee: number;
  readonly segments: number;
  /** Units of the committee's earlier batches. */
  readonly firstUnit: bigint;
  /** Units that it pays for. */
  readonly units: bigint;
  /** Seconds; from then on nobody need hold it. 0 = never. */
  readonly expiry: bigint;
  /** Wei. */
  readonly fee: bigint;
  readonly block: number;
  readonly transaction: string;
}

/** The batch `id`, if the log appended it in `block`. */
export async function batchInBlock(
  provider: Provider,
  deployment: Deployment,
  id: bigint,
  block: number,
): Promise<LoggedBatch | undefined> {
  const log = IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const events = await log.queryFilter(log.filters.BatchAppended(id), block, block);
  return events.map(batchOf)[0];
}

/** Blocks asked for at once: what hosted nodes still answer. */
const SPAN = 10_000;

/** The batches with this root and owner, the latest first. */
export async function* batchesOf(
  provider: Provider,
  deployment: Deployment,
  root: string,
  owner: string,
  signal?: AbortSignal,
): AsyncGenerator<LoggedBatch> {
  for await (const event of appended(provider, deployment, [undefined, root, owner], signal))
    yield batchOf(event);
}

/** The log as it stood with `count` entries; undefined when it has not come so far. */
export async function logHeadOf(
  provider: Provider,
  deployment: Deployment,
  count: number,
  signal?: AbortSignal,
): Promise<LogHead | undefined> {
  for await (const { args } of appended(provider, deployment, [BigInt(count - 1)], signal))
    return { count, root: args.logRoot };
  return undefined;
}

/** Appends that match, the latest first. */
async function* appended(
  provider: Provider,
  deployment: Deployment,
  match: readonly [id?: bigint | undefined, root?: string, owner?: string],
  signal?: AbortSignal,
): AsyncGenerator<BatchAppendedEvent.Log> {
  const log = IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const first = deployment.contracts.StorageLog?.block ?? 0;
  for (let to = await provider.getBlockNumber(); to >= first; to -= SPAN) {
    signal?.throwIfAborted();
    const from = Math.max(first, to - SPAN + 1);
    yield* (await log.queryFilter(log.filters.BatchAppended(...match), from, to)).reverse();
  }
}

function batchOf({ args, blockNumber, transactionHash }: BatchAppendedEvent.Log): LoggedBatch {
  return {
    id: args.id,
    root: args.root,
    owner: args.owner,
    committee: Number(args.committee),
    segments: Number(args.segments),
    firstUnit: args.firstUnit,
    units: args.units,
    expiry: args.expiry,
    fee: args.fee,
    block: blockNumber,
    transaction: transactionHash,
  };
}
