import { type JsonRpcProvider, Log, type LogParams, toQuantity } from "ethers";
import { FatalError, RetryableError } from "../errors.ts";
import { pause } from "../pause.ts";
import type { BlockHeader, FollowedBlock } from "./follower.ts";
import type { Footprint } from "./trail.ts";

/** Blocks asked for at once at most, and where the search for what a node can stand begins. */
const LONGEST_CHUNK = 10_000;
const FIRST_CHUNK = 1_000;
/** A chunk grows while it holds few logs and shrinks when it holds many: memory stays bounded. */
const FEW_LOGS = 1_000;
const MANY_LOGS = 5_000;
const RANGE_RETRY_MS = 200;

/** What the follower reads of a chain. */
export interface ChainSource {
  /** The newest block. */
  head(): Promise<BlockHeader>;
  /** Undefined when the chain has no block of that height. */
  header(height: number): Promise<BlockHeader | undefined>;
  /** A block near the head with its logs; the logs are of exactly this block. */
  block(header: BlockHeader): Promise<Footprint>;
  /**
   * Blocks with logs in [from, to], where no block can change any more; reads as far as the node lets it, and says how far.
   */
  range(from: number, to: number, signal: AbortSignal): Promise<{ blocks: Footprint[]; through: number }>;
}

export function createSource(provider: JsonRpcProvider, addresses: readonly string[]): ChainSource {
  let chunk = FIRST_CHUNK;
  const header = (height: number | "latest") => readHeader(provider, height);

  async function range(from: number, to: number, signal: AbortSignal) {
    for (;;) {
      const through = Math.min(to, from + chunk - 1);
      try {
        const logs = await readLogs(provider, addresses, {
          fromBlock: toQuantity(from),
          toBlock: toQuantity(through),
        });
        const blocks = await withHeaders(logs, header);
        if (logs.length < FEW_LOGS) chunk = Math.min(chunk * 2, LONGEST_CHUNK);
        else if (logs.length > MANY_LOGS) chunk = Math.max(1, Math.floor(chunk / 2));
        return { blocks, through };
      } catch (error) {
        // Nodes limit a range by blocks, by logs or by time, each in its own words: ask for less.
        if (chunk === 1 || signal.aborted) throw error;
        chunk = Math.max(1, Math.floor(chunk / 2));
        await pause(RANGE_RETRY_MS, signal);
      }
    }
  }

  return {
    async head() {
      const head = await header("latest");
      if (head === undefined) throw new RetryableError("chain/bad-block", "The node has no newest block.");
      return head;
    },
    header,
    block: async (at) => ({ ...at, logs: await readLogs(provider, addresses, { blockHash: at.hash }) }),
    range,
  };
}

/** A remembered block as a handler sees it. */
export function toFollowed(block: Footprint, provider: JsonRpcProvider): FollowedBlock {
  return { ...block, logs: block.logs.map((log) => new Log(log, provider)) };
}

async function readHeader(
  provider: JsonRpcProvider,
  height: number | "latest",
): Promise<BlockHeader | undefined> {
  const tag = height === "latest" ? height : toQuantity(height);
  const block = await provider.send("eth_getBlockByNumber", [tag, false]);
  if (block === null) return undefined;
  const { number, hash, parentHash, timestamp } = block as Record<string, string>;
  if (hash === undefined || parentHash === undefined) {
    throw new RetryableError("chain/bad-block", `The node gave block ${height} without its hashes.`, {
      height,
    });
  }
  return { number: Number(number), hash, parentHash, timestamp: Number(timestamp) };
}

type LogFilter = { readonly blockHash: string } | { readonly fromBlock: string; readonly toBlock: string };

async function readLogs(
  provider: JsonRpcProvider,
  addresses: readonly string[],
  filter: LogFilter,
): Promise<LogParams[]> {
  const logs = (await provider.send("eth_getLogs", [{ address: addresses, ...filter }])) as RawLog[];
  return logs.map(parseLog).sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
}

interface RawLog {
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly address: string;
  readonly data: string;
  readonly topics: readonly string[];
  readonly logIndex: string;
  readonly transactionIndex: string;
}

function parseLog(log: RawLog): LogParams {
  return {
    transactionHash: log.transactionHash,
    blockHash: log.blockHash,
    blockNumber: Number(log.blockNumber),
    removed: false,
    address: log.address,
    data: log.data,
    topics: log.topics,
    index: Number(log.logIndex),
    transactionIndex: Number(log.transactionIndex),
  };
}

async function withHeaders(
  logs: readonly LogParams[],
  header: (height: number) => Promise<BlockHeader | undefined>,
): Promise<Footprint[]> {
  const blocks: Footprint[] = [];
  for (const [height, group] of Map.groupBy(logs, (log) => log.blockNumber)) {
    const at = await header(height);
    if (at === undefined || group.some((log) => log.blockHash !== at.hash)) {
      throw new FatalError(
        "chain/reorg-past-finality",
        `Block ${height} changed while its logs were read, though it is below the finality depth.`,
        { height },
      );
    }
    blocks.push({ ...at, logs: group });
  }
  return blocks;
}
