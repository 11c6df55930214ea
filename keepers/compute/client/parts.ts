import type { KeeperContext } from "../../runtime/context.ts";
import type { SignedClient } from "../../runtime/http/signedClient.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { ComputeContracts } from "../contracts.ts";
import type { Journals } from "../journals.ts";
import type { Market } from "../receipts.ts";

/** What a client stands on: part of a keeper's context, so that a keeper can be a client too. */
export type ClientContext = Pick<
  KeeperContext,
  "provider" | "chainId" | "deployment" | "signer" | "transactions" | "store" | "http" | "signal"
>;

/** What the parts of one client share; wired in client.ts. */
export interface ClientParts {
  readonly context: ClientContext;
  readonly contracts: ComputeContracts;
  readonly market: Market;
  readonly store: Store;
  readonly journals: Journals;
  readonly requests: SignedClient;
  /** Largest answer accepted, bytes. */
  readonly maxResponseBytes: number;
  /** Longest wait for one answer, milliseconds. */
  readonly answerTimeoutMs: number;
}
