import type { JsonRpcApiProvider } from "ethers";
import { RetryableError } from "../errors.ts";

/** Wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Paid when the node has no opinion, wei per gas. */
const DEFAULT_TIP = 1_000_000_000n;

/**
 * Fees that hold through six full blocks in a row: twice the base fee plus the node's tip, under the cap.
 * @throws RetryableError "transactions/fee-above-cap" when not even the next block is within the cap.
 */
export async function suggestFees(provider: JsonRpcApiProvider, cap: bigint): Promise<Fees> {
  const [block, tip] = await Promise.all([provider.getBlock("latest"), suggestTip(provider)]);
  const base = block?.baseFeePerGas ?? 0n;
  if (base + 1n > cap) {
    throw new RetryableError(
      "transactions/fee-above-cap",
      `The base fee is ${base} wei per gas, above the cap of ${cap}; waiting for it to fall, or raise the cap.`,
      { baseFee: base.toString(), cap: cap.toString() },
    );
  }
  const maxPriorityFeePerGas = min(tip, cap - base);
  return { maxFeePerGas: min(2n * base + maxPriorityFeePerGas, cap), maxPriorityFeePerGas };
}

/**
 * Fees for a replacement of the same nonce: nodes want at least 10 % more on both, so at least 12.5 %, and no less than
 * what is suggested now. Undefined when the cap leaves no room.
 */
export function raiseFees(current: Fees, suggested: Fees, cap: bigint): Fees | undefined {
  const maxPriorityFeePerGas = max(raise(current.maxPriorityFeePerGas), suggested.maxPriorityFeePerGas);
  const maxFeePerGas = max(raise(current.maxFeePerGas), suggested.maxFeePerGas, maxPriorityFeePerGas);
  return raise(current.maxFeePerGas) <= cap && maxPriorityFeePerGas <= cap
    ? { maxFeePerGas: min(maxFeePerGas, cap), maxPriorityFeePerGas }
    : undefined;
}

/** An eighth more, rounded up, and never the same. */
function raise(fee: bigint): bigint {
  return fee + (fee + 7n) / 8n + (fee === 0n ? 1n : 0n);
}

async function suggestTip(provider: JsonRpcApiProvider): Promise<bigint> {
  try {
    return BigInt(await provider.send("eth_maxPriorityFeePerGas", []));
  } catch {
    return DEFAULT_TIP;
  }
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(first: bigint, ...others: readonly bigint[]): bigint {
  let largest = first;
  for (const other of others) if (other > largest) largest = other;
  return largest;
}
