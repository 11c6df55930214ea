import { Interface, type Provider } from "ethers";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";

const erc20 = new Interface([
  "function balanceOf(address account) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 amount) returns (bool)",
]);

export interface AllowanceRequest {
  readonly token: string;
  readonly spender: string;
  /** Wei that the spender is about to take. */
  readonly amount: bigint;
  /** Job key of the approval. */
  readonly key: string;
}

/** Approves exactly `amount` when the spender may take less than that now. */
export async function ensureAllowance(
  provider: Provider,
  transactions: TransactionSender,
  { token, spender, amount, key }: AllowanceRequest,
  signal?: AbortSignal,
): Promise<void> {
  const asked = erc20.encodeFunctionData("allowance", [transactions.address, spender]);
  const allowed: bigint = erc20.decodeFunctionResult(
    "allowance",
    await provider.call({ to: token, data: asked }),
  )[0];
  if (allowed >= amount) return;
  await transactions.send(
    { key, to: token, data: erc20.encodeFunctionData("approve", [spender, amount]) },
    signal,
  );
}

/** Wei of a token that an account has. */
export async function balanceOf(provider: Provider, token: string, account: string): Promise<bigint> {
  const data = erc20.encodeFunctionData("balanceOf", [account]);
  return erc20.decodeFunctionResult("balanceOf", await provider.call({ to: token, data }))[0];
}
