import { approve } from "../bonding.ts";
import type { ClientParts } from "./parts.ts";

/**
 * Brings the free ledger balance up to `amount` wei and lets Sessions lock it. What is there already is not paid again, so
 * this may be repeated after a crash.
 */
export async function prepay({ context, contracts }: ClientParts, amount: bigint): Promise<void> {
  const account = context.transactions.address;
  const { Ledger, Sessions } = contracts.addresses;
  const { ledger } = contracts;
  const balance = await ledger.balanceOf(account);
  if (balance < amount) {
    const facts = `${balance}/${amount}`;
    await approve(context, contracts, Ledger, amount - balance, facts);
    const wallet = await contracts.token.balanceOf(account);
    const data = ledger.interface.encodeFunctionData("deposit", [account, amount - balance]);
    const key = `ledger/deposit/${account}/${facts}/${wallet}`;
    await context.transactions.send({ key, to: Ledger, data }, context.signal);
  }
  if (await ledger.isAuthorised(account, Sessions)) return;
  const data = ledger.interface.encodeFunctionData("authorise", [Sessions, true]);
  const key = `ledger/authorise/${account}/${Sessions}/${await context.provider.getBlockNumber()}`;
  await context.transactions.send({ key, to: Ledger, data }, context.signal);
}

/** Free balance in the ledger, wei. */
export function balance({ context, contracts }: ClientParts): Promise<bigint> {
  return contracts.ledger.balanceOf(context.transactions.address);
}

/** Takes `amount` wei of free balance out, all of it when absent. Returns what was taken. */
export async function withdraw(
  parts: ClientParts,
  amount: bigint | undefined,
  to: string | undefined,
): Promise<bigint> {
  const { context, contracts } = parts;
  const account = context.transactions.address;
  const free = await balance(parts);
  const taken = amount ?? free;
  if (taken === 0n) return 0n;
  const data = contracts.ledger.interface.encodeFunctionData("withdraw", [taken, to ?? account]);
  const wallet = await contracts.token.balanceOf(to ?? account);
  const key = `ledger/withdraw/${account}/${free}/${taken}/${wallet}`;
  await context.transactions.send({ key, to: contracts.addresses.Ledger, data }, context.signal);
  return taken;
}
