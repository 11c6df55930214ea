import { hexlify, randomBytes } from "ethers";
import { FatalError } from "../runtime/errors.ts";
import { createSignedClient } from "../runtime/http/signedClient.ts";
import { readSession } from "./chainReads.ts";
import { balance, prepay, withdraw } from "./client/account.ts";
import { openSession, type SessionOrder } from "./client/opening.ts";
import type { ClientContext, ClientParts } from "./client/parts.ts";
import { ComputeSession } from "./client/session.ts";
import { connectCompute } from "./contracts.ts";
import { Journals } from "./journals.ts";

export type { SessionOrder } from "./client/opening.ts";
export type { ClientContext } from "./client/parts.ts";
export type { ComputeSession, Inference } from "./client/session.ts";
export type { SettledClaim, Settlement, WaitOptions } from "./client/settlement.ts";

export interface ComputeClientOptions {
  /** Largest answer accepted, bytes. */
  readonly maxResponseBytes?: number;
  /** Longest wait for one answer, milliseconds. */
  readonly answerTimeoutMs?: number;
}

/** Buys inference. Every answer's receipt is checked; there is no switch for that. */
export interface ComputeClient {
  /** Brings the free ledger balance up to `amount` wei and lets Sessions lock it; may be repeated. */
  prepay(amount: bigint): Promise<void>;
  /** Free ledger balance, wei. */
  balance(): Promise<bigint>;
  /** Takes free balance out, all of it when `amount` is absent; returns what was taken. */
  withdraw(amount?: bigint, to?: string): Promise<bigint>;
  /** Opens a session. The same `key` gives the same session again: keep it to survive a crash. */
  open(order: SessionOrder, key?: string): Promise<ComputeSession>;
  /** Goes on with a session that this store knows. @throws FatalError compute/unknown-session */
  resume(id: bigint): Promise<ComputeSession>;
}

export function createComputeClient(
  context: ClientContext,
  options: ComputeClientOptions = {},
): ComputeClient {
  const contracts = connectCompute(context.provider, context.deployment);
  const market = { chainId: context.chainId, sessions: contracts.addresses.Sessions };
  const store = context.store.under("compute-client/");
  const parts: ClientParts = {
    context,
    contracts,
    market,
    store,
    journals: new Journals(store, market),
    requests: createSignedClient(context.http, context.signer, context.chainId),
    maxResponseBytes: options.maxResponseBytes ?? 16 * 1024 * 1024,
    answerTimeoutMs: options.answerTimeoutMs ?? 120_000,
  };
  return {
    prepay: (amount) => prepay(parts, amount),
    balance: () => balance(parts),
    withdraw: (amount, to) => withdraw(parts, amount, to),
    open: async (order, key = hexlify(randomBytes(16))) =>
      connect(parts, await openSession(parts, order, key)),
    resume: (id) => connect(parts, id),
  };
}

async function connect(parts: ClientParts, id: bigint): Promise<ComputeSession> {
  const terms = await readSession(parts.contracts, id);
  if (terms === undefined)
    throw new FatalError("compute/unknown-session", `There is no session ${id} on chain.`);
  const { endpoint } = await parts.contracts.services.get(terms.service);
  return new ComputeSession(parts, terms, endpoint);
}
