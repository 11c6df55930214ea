import { FatalError } from "../../runtime/errors.ts";
import { createRecords, plainFormat } from "../../runtime/store/records.ts";
import { TIER, type TierName } from "../states.ts";
import type { ClientParts } from "./parts.ts";
import { explainOpening } from "./reverts.ts";

/** What a user wants of a session. */
export interface SessionOrder {
  /** Id in the Models contract, 0x-hex. */
  readonly model: string;
  readonly tier?: TierName;
  /** Highest unit price accepted, wei. */
  readonly maxUnitPrice: bigint;
  /** Wei to lock; what isn't used comes back. */
  readonly budget: bigint;
  /** Seconds. */
  readonly duration: number;
}

/**
 * Opens a session and returns its id. The same `key` never opens a second one, whatever was killed in between.
 * @throws FatalError compute/no-match, compute/insufficient-balance, compute/not-authorised, compute/order-refused
 */
export async function openSession(parts: ClientParts, order: SessionOrder, key: string): Promise<bigint> {
  const opened = createRecords<{ id: bigint }>(parts.store, "orders/", plainFormat());
  const known = await opened.get(key);
  if (known !== undefined) return known.id;
  const { context, contracts } = parts;
  const data = contracts.sessions.interface.encodeFunctionData("open", [
    {
      modelId: order.model,
      tier: TIER[order.tier ?? "exact"],
      maxUnitPrice: order.maxUnitPrice,
      budget: order.budget,
      duration: order.duration,
      voucherSigner: context.signer.address,
    },
  ]);
  const job = { key: `sessions/open/${key}`, to: contracts.addresses.Sessions, data };
  const { logs } = await context.transactions.send(job, context.signal).catch((error: unknown) => {
    throw explainOpening(contracts, error);
  });
  for (const log of logs) {
    if (log.address !== contracts.addresses.Sessions) continue;
    const event = contracts.sessions.interface.parseLog(log);
    if (event?.name !== "SessionOpened") continue;
    const id = event.args.id as bigint;
    await opened.put(key, { id });
    return id;
  }
  throw new FatalError("compute/order-refused", "The transaction opened no session.", { key });
}
