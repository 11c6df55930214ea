import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { FatalError } from "../../runtime/errors.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import { ensureAllowance } from "../chain/allowance.ts";
import type { BondingNeeds } from "../chain/bonding.ts";
import { contractAddress } from "../chain/committeeView.ts";
import { readSessionsOf } from "../chain/readSessions.ts";
import type { ReadSessionOrder } from "./clientTypes.ts";

export type OpeningNeeds = BondingNeeds & {
  readonly store: Store;
  /** Signs the session's vouchers. */
  readonly voucherSigner: string;
};

/** Opens a session, approving its budget first; the same order with the same key never opens a second one. */
export async function openSession(
  needs: OpeningNeeds,
  order: ReadSessionOrder & { readonly key: string },
): Promise<bigint> {
  const { provider, deployment, transactions, store, voucherSigner, signal } = needs;
  const { key, committee = 0, budget, duration } = order;
  const opened = openedIn(store);
  const known = await opened.get(key);
  if (known !== undefined) return known;
  const contract = readSessionsOf(provider, deployment);
  const to = await contract.getAddress();
  const data = contract.interface.encodeFunctionData("open", [committee, budget, duration, voucherSigner]);
  const token = await IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider).token();
  const approval = { token, spender: to, amount: budget, key: `storage/reads/approve/${key}` };
  await ensureAllowance(provider, transactions, approval, signal);
  const { logs } = await transactions.send({ key: jobOf(key), to, data }, signal);
  for (const log of logs) {
    if (log.address !== to) continue;
    const event = contract.interface.parseLog(log);
    if (event?.name !== "ReadSessionOpened") continue;
    const id = BigInt(event.args.id);
    await opened.put(key, id);
    return id;
  }
  throw new FatalError("storage/not-opened", `the transaction of order ${key} opened no read session`, {
    key,
  });
}

/** Whether an order has opened its session, or sent what may open it. */
export async function wasSent(
  { store, transactions }: Pick<OpeningNeeds, "store" | "transactions">,
  key: string,
): Promise<boolean> {
  return (await openedIn(store).get(key)) !== undefined || (await transactions.knows(jobOf(key)));
}

function openedIn(store: Store): Records<bigint> {
  return createRecords(store, "opened/", plainFormat());
}

function jobOf(key: string): string {
  return `storage/reads/open/${key}`;
}

/**
 * Gives the owner what no member has claimed of a session; resolves with the wei, 0 when that was done before.
 * @throws what the transaction sender throws, as before the last claim
 */
export async function closeSession(needs: BondingNeeds, id: bigint): Promise<bigint> {
  const { provider, deployment, transactions, signal } = needs;
  const contract = readSessionsOf(provider, deployment);
  const to = await contract.getAddress();
  const data = contract.interface.encodeFunctionData("close", [id]);
  const { logs } = await transactions.send({ key: `storage/reads/close/${id}`, to, data }, signal);
  for (const log of logs) {
    const event = log.address === to ? contract.interface.parseLog(log) : null;
    if (event?.name === "ReadSessionClosed") return BigInt(event.args.refunded);
  }
  return 0n;
}
