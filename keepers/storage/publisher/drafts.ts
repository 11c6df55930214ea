import type { Provider } from "ethers";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { createRecords, plainFormat } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import { batchesOf, type LoggedBatch } from "../chain/publications.ts";
import type { BatchLayout } from "../format/batch.ts";

/** A batch that is to be on the log. */
export interface Draft {
  readonly committee: number;
  readonly layout: BatchLayout;
  /** 0x-hex. */
  readonly root: string;
  /** Months of 30 days; 0 = for ever. */
  readonly months: number;
}

/** What the log has of a draft. */
export interface Found {
  /** A batch that does for it. */
  readonly known?: LoggedBatch;
  /** The latest with the same segments that doesn't: it has expired, or ends and should not. */
  readonly latest?: LoggedBatch;
}

/** A call as it was first composed. */
export interface ComposedCall {
  readonly data: string;
  /** Most that the log may take, wei. */
  readonly fee: bigint;
  /** Job key of the approval that it needs. */
  readonly approval: string;
}

/**
 * Calls that were composed and may have been sent, by their job keys. Receipts and price differ from one composing to
 * the next; the same key must go out with the same bytes after a crash or a deep reorg, as the sender takes a key for one call.
 * So a call is forgotten only when the chain has refused it, and then the key is free.
 */
export function createComposedCalls(store: Store) {
  return createRecords<ComposedCall>(store, "composed/", plainFormat());
}

/** Looks a draft of `owner` up in the log. */
export async function lookUp(
  { provider, deployment }: { readonly provider: Provider; readonly deployment: Deployment },
  owner: string,
  { root, months }: Draft,
  signal: AbortSignal,
): Promise<Found> {
  const now = BigInt((await provider.getBlock("latest"))?.timestamp ?? 0);
  let latest: LoggedBatch | undefined;
  for await (const batch of batchesOf(provider, deployment, root, owner, signal)) {
    if (batch.expiry === 0n || (months !== 0 && batch.expiry > now)) return { known: batch };
    latest ??= batch;
  }
  return latest === undefined ? {} : { latest };
}

/** Chain facts that make a second append of a draft another job: only what was paid and has ended is paid again. */
export function appendKey({ root, months }: Draft, latest: LoggedBatch | undefined): string {
  return `storage/publish/${root}/${months === 0 ? "ever" : "lease"}/${latest?.id ?? "first"}`;
}
