import { FetchRequest, JsonRpcProvider, Network } from "ethers";
import { FatalError, RetryableError } from "../errors.ts";

export interface ProviderOptions {
  /** Limit for one HTTP request, milliseconds. */
  readonly timeoutMs?: number;
  /** Calls sent in one HTTP request at most. */
  readonly batchSize?: number;
}

const TIMEOUT_MS = 15_000;
const BATCH_SIZE = 32;
/** Between looks at the chain, milliseconds; a chain on this machine may mine many blocks a second. */
const POLL_MS = { local: 200, remote: 4_000 };

/**
 * A provider for keepers: its chain is asked for once, nothing is answered from a cache, calls are batched, and a node that
 * hangs is given up on.
 * @throws RetryableError "chain/unreachable" when the node does not answer; FatalError "chain/not-a-node" when what
 * answers does not speak Ethereum JSON-RPC.
 */
export async function createProvider(
  rpcUrl: string,
  options: ProviderOptions = {},
): Promise<JsonRpcProvider> {
  const request = requestTo(rpcUrl, options.timeoutMs ?? TIMEOUT_MS);
  const network = Network.from(await askChainId(request));
  return new JsonRpcProvider(request, network, {
    staticNetwork: network,
    cacheTimeout: -1,
    batchMaxCount: options.batchSize ?? BATCH_SIZE,
    batchStallTime: isLocal(rpcUrl) ? 0 : 5,
    pollingInterval: pollMsFor(rpcUrl),
  });
}

/** How often a keeper looks for new blocks at this node, milliseconds. */
export function pollMsFor(rpcUrl: string): number {
  return isLocal(rpcUrl) ? POLL_MS.local : POLL_MS.remote;
}

/** The URL without what may be a secret in it: user, path and query of hosted nodes carry keys. */
export function redactRpcUrl(rpcUrl: string): string {
  return URL.canParse(rpcUrl) ? new URL(rpcUrl).origin : "(not a URL)";
}

function isLocal(rpcUrl: string): boolean {
  const host = new URL(rpcUrl).hostname;
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

function requestTo(rpcUrl: string, timeoutMs: number): FetchRequest {
  if (!URL.canParse(rpcUrl) || !/^https?:$/.test(new URL(rpcUrl).protocol)) {
    throw new FatalError("chain/bad-rpc-url", "The RPC address must be an http or https URL.", {
      url: redactRpcUrl(rpcUrl),
    });
  }
  const request = new FetchRequest(rpcUrl);
  request.timeout = timeoutMs;
  return request;
}

async function askChainId(request: FetchRequest): Promise<bigint> {
  const url = redactRpcUrl(request.url);
  const asked = request.clone();
  asked.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
  const answer = await asked.send().catch((cause: unknown) => {
    throw new RetryableError(
      "chain/unreachable",
      `No node answers at ${url}; is it running?`,
      { url },
      cause,
    );
  });
  try {
    answer.assertOk();
    const { result } = answer.bodyJson as { result: string };
    return BigInt(result);
  } catch (cause) {
    throw new FatalError(
      "chain/not-a-node",
      `What answers at ${url} is not an Ethereum node.`,
      { url },
      cause,
    );
  }
}
