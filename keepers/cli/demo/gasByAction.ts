import type { Interface, JsonRpcProvider } from "ethers";
import type { Deployment } from "../../runtime/chain/deployment.ts";

/** Gas that one kind of call used over a range of blocks. */
export interface ActionGas {
  readonly action: string;
  readonly calls: number;
  readonly failed: number;
  /** Mean gas of the calls that succeeded. */
  readonly mean: number;
  readonly max: number;
}

interface RawTransaction {
  readonly hash: string;
  readonly to: string | null;
  readonly input: string;
}

interface RawReceipt {
  readonly gasUsed: string;
  readonly status: string;
}

/** Sums the gas of every call to a deployed contract in blocks (from, to], by contract and function. */
export async function gasByAction(
  provider: JsonRpcProvider,
  deployment: Deployment,
  interfaces: ReadonlyMap<string, Interface>,
  from: number,
  to: number,
): Promise<ActionGas[]> {
  const nameOf = new Map(
    Object.entries(deployment.contracts).map(([name, { address }]) => [address.toLowerCase(), name]),
  );
  const used = new Map<string, { gas: number[]; failed: number }>();
  for (let block = from + 1; block <= to; block += 1) {
    const tag = `0x${block.toString(16)}`;
    const { transactions }: { transactions: RawTransaction[] } = await provider.send("eth_getBlockByNumber", [
      tag,
      true,
    ]);
    for (const transaction of transactions) {
      const name = nameOf.get(transaction.to?.toLowerCase() ?? "");
      if (name === undefined) continue;
      const receipt: RawReceipt = await provider.send("eth_getTransactionReceipt", [transaction.hash]);
      const action = `${name}.${functionName(interfaces.get(name), transaction.input)}`;
      const entry = used.get(action) ?? { gas: [], failed: 0 };
      if (receipt.status === "0x1") entry.gas.push(Number(receipt.gasUsed));
      else entry.failed += 1;
      used.set(action, entry);
    }
  }
  return [...used].map(([action, { gas, failed }]) => summary(action, gas, failed)).sort(byName);
}

function functionName(contract: Interface | undefined, input: string): string {
  const selector = input.slice(0, 10);
  return contract?.getFunction(selector)?.name ?? selector;
}

function summary(action: string, gas: readonly number[], failed: number): ActionGas {
  const total = gas.reduce((sum, used) => sum + used, 0);
  const mean = gas.length === 0 ? 0 : Math.round(total / gas.length);
  return { action, calls: gas.length, failed, mean, max: Math.max(0, ...gas) };
}

function byName(a: ActionGas, b: ActionGas): number {
  return a.action < b.action ? -1 : 1;
}
