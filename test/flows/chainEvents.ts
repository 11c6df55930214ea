import { setTimeout as sleep } from "node:timers/promises";
import type { JsonRpcProvider } from "ethers";
import { contractInterfaces } from "../../keepers/cli/contracts.ts";
import type { Deployment } from "../../keepers/runtime/chain/deployment.ts";

export interface SeenEvent {
  readonly name: string;
  readonly block: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Waits until a contract has emitted an event after a block; the first one found. */
export async function waitForEvent(
  provider: JsonRpcProvider,
  deployment: Deployment,
  contract: string,
  event: string,
  afterBlock: number,
  limitMs = 60_000,
): Promise<SeenEvent> {
  const contractInterface = contractInterfaces().get(contract);
  const topic = contractInterface?.getEvent(event)?.topicHash;
  const address = deployment.contracts[contract]?.address;
  if (contractInterface === undefined || topic === undefined || address === undefined) {
    throw new Error(`no event ${contract}.${event}`);
  }
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    const [log] = await provider.getLogs({
      address,
      topics: [topic],
      fromBlock: afterBlock + 1,
      toBlock: "latest",
    });
    if (log !== undefined) {
      const args = contractInterface.parseLog(log)?.args.toObject() ?? {};
      return { name: event, block: log.blockNumber, args };
    }
    await sleep(15);
  }
  throw new Error(`${contract}.${event} did not come within ${limitMs} ms`);
}
