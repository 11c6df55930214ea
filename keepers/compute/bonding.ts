import type { KeeperContext } from "../runtime/context.ts";
import { FatalError } from "../runtime/errors.ts";
import type { ComputeContracts } from "./contracts.ts";

type Payer = Pick<KeeperContext, "transactions">;

/**
 * Brings the bond of this keeper's operator in `module` up to `amount` wei: free bond first, then tokens of its wallet.
 * Does nothing when the bond is there.
 * @throws FatalError compute/insufficient-tokens when the wallet has too little
 */
export async function ensureBond(
  context: Payer,
  contracts: ComputeContracts,
  module: string,
  amount: bigint,
): Promise<void> {
  const operator = context.transactions.address;
  const { bonds } = contracts;
  const [allocated, free] = await Promise.all([bonds.allocated(operator, module), bonds.free(operator)]);
  const missing = amount - allocated;
  if (missing <= 0n) return;
  // Facts of the chain that each step changes: the same step after a crash has the same key.
  const facts = `${module}/${allocated}/${free}`;
  if (free < missing) {
    await approve(context, contracts, await bonds.getAddress(), missing - free, facts);
    const data = bonds.interface.encodeFunctionData("deposit", [operator, missing - free]);
    await context.transactions.send({
      key: `bonds/deposit/${operator}/${facts}`,
      to: contracts.addresses.Bonds,
      data,
    });
  }
  const data = bonds.interface.encodeFunctionData("allocate", [module, missing]);
  await context.transactions.send({
    key: `bonds/allocate/${operator}/${facts}`,
    to: contracts.addresses.Bonds,
    data,
  });
}

/** Lets `spender` take `amount` wei of the settlement token; nothing when it may already. */
export async function approve(
  context: Payer,
  { token }: ComputeContracts,
  spender: string,
  amount: bigint,
  facts: string,
): Promise<void> {
  const owner = context.transactions.address;
  const [balance, allowance] = await Promise.all([token.balanceOf(owner), token.allowance(owner, spender)]);
  if (balance < amount) {
    throw new FatalError(
      "compute/insufficient-tokens",
      `${owner} holds ${balance} wei of the settlement token and needs ${amount}.`,
      {
        owner,
        balance: balance.toString(),
        needed: amount.toString(),
      },
    );
  }
  if (allowance >= amount) return;
  const data = token.interface.encodeFunctionData("approve", [spender, amount]);
  const key = `token/approve/${owner}/${spender}/${allowance}/${balance}/${facts}`;
  await context.transactions.send({ key, to: token.address, data });
}
