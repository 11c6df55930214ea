import type { JsonRpcApiProvider } from "ethers";
import { nodeMessage } from "./reverts.ts";

/**
 * What a node made of a signed transaction. pooled: it has it. nonce-used: a block has the nonce, perhaps by this very
 * transaction. underpriced: it wants more. refused: anything else, so it may not have it.
 */
export type BroadcastOutcome = "pooled" | "nonce-used" | "underpriced" | "refused";

export interface Broadcast {
  readonly outcome: BroadcastOutcome;
  /** What the node said when it did not simply take it. */
  readonly message?: string;
}

const SAYINGS: readonly (readonly [BroadcastOutcome, RegExp])[] = [
  ["pooled", /already ?(known|imported|exists|in (the )?(mempool|pool))|\bknown transaction/i],
  ["nonce-used", /nonce.*(too low|already been used)|old ?nonce|nonce_expired/i],
  ["underpriced", /underpriced|fee ?too ?low|gas price.*(too low|below)|max fee per gas less than/i],
];

/** Hands a signed transaction to the node. Never throws: whether it lands is for the receipts to say. */
export async function broadcast(provider: JsonRpcApiProvider, raw: string): Promise<Broadcast> {
  try {
    await provider.send("eth_sendRawTransaction", [raw]);
    return { outcome: "pooled" };
  } catch (error) {
    const message = nodeMessage(error);
    const known = SAYINGS.find(([, saying]) => saying.test(message));
    return { outcome: known?.[0] ?? "refused", message };
  }
}
