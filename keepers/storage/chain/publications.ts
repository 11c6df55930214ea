import type { Provider } from "ethers";
import { IStorageLogV1__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLogV1__factory.js";
import { MountainRange } from "../../coding/mountainRange.ts";
import type { Deployment } from "../../runtime/context.ts";
import { contractAddress } from "./committeeView.ts";

/** A batch as the storage log recorded it. */
export interface LoggedBatch {
  readonly index: bigint;
  /** 0x-hex. */
  readonly root: string;
  readonly owner: string;
  /** Position of the batch's first segment in the log. */
  readonly firstSegment: bigint;
  readonly segments: number;
  /** Bytes of coded rows that it pays for. */
  readonly size: bigint;
  /** Wei. */
  readonly fee: bigint;
  readonly block: number;
  readonly transaction: string;
}

/** Root of a batch: the mountain range over its segments' commitments, in their order. */
export function batchRoot(commitments: readonly Uint8Array[]): Uint8Array {
  const range = new MountainRange();
  for (const commitment of commitments) range.append(commitment);
  return range.root();
}

/** The batch `index`, if the log appended it in `block`. */
export async function batchInBlock(
  provider: Provider,
  deployment: Deployment,
  index: bigint,
  block: number,
): Promise<LoggedBatch | undefined> {
  const log = IStorageLogV1__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const events = await log.queryFilter(log.filters.BatchAppended(index), block, block);
  return events.map(batchOf)[0];
}

/** Blocks asked for at once: what hosted nodes still answer. */
const SPAN = 10_000;

/** The latest batch with this root and owner, or undefined when there is none. */
export async function findBatch(
  provider: Provider,
  deployment: Deployment,
  root: string,
  owner: string,
  signal?: AbortSignal,
): Promise<LoggedBatch | undefined> {
  const log = IStorageLogV1__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const first = deployment.contracts.StorageLog?.block ?? 0;
  // Newest first: a batch that is asked for again is most often a recent one.
  for (let to = await provider.getBlockNumber(); to >= first; to -= SPAN) {
    signal?.throwIfAborted();
    const from = Math.max(first, to - SPAN + 1);
    const events = await log.queryFilter(log.filters.BatchAppended(undefined, root, owner), from, to);
    const last = events.at(-1);
    if (last !== undefined) return batchOf(last);
  }
  return undefined;
}

type BatchEvent = Awaited<
  ReturnType<ReturnType<typeof IStorageLogV1__factory.connect>["queryFilter"]>
>[number];

function batchOf(event: BatchEvent): LoggedBatch {
  const { args } = IStorageLogV1__factory.createInterface().parseLog(event)!;
  return {
    index: args.index,
    root: args.root,
    owner: args.owner,
    firstSegment: args.firstSegment,
    segments: Number(args.segments),
    size: args.size,
    fee: args.fee,
    block: event.blockNumber,
    transaction: event.transactionHash,
  };
}
