import { isCallException } from "ethers";
import type { IAudits } from "../../typechain-types/compute/interfaces/IAudits.js";
import type { ComputeContracts } from "./contracts.ts";
import { SESSION } from "./states.ts";

/** Terms and state of a session, as the chain has them. */
export interface SessionTerms {
  readonly id: bigint;
  readonly user: string;
  readonly voucherSigner: string;
  readonly service: bigint;
  readonly operator: string;
  readonly receiptSigner: string;
  readonly modelId: string;
  readonly tier: number;
  readonly state: number;
  readonly unitPrice: bigint;
  readonly budget: bigint;
  /** Wei and receipts claimed so far. */
  readonly amount: bigint;
  readonly receipts: bigint;
  readonly expiresAt: bigint;
  readonly claimBefore: bigint;
  readonly openClaim: bigint;
  /** Protocol fee on claims. */
  readonly feeBps: bigint;
}

export interface ClaimTerms {
  readonly id: bigint;
  readonly session: bigint;
  readonly state: number;
  readonly amount: bigint;
  readonly firstReceipt: bigint;
  readonly receipts: bigint;
  readonly receiptsRoot: string;
  readonly draw: bigint;
  readonly freeAt: bigint;
}

export interface AuditState {
  readonly claim: bigint;
  readonly stage: number;
  readonly verdict: number;
  readonly round: bigint;
  readonly deadline: bigint;
  readonly operator: string;
  readonly modelId: string;
  readonly committee: readonly string[];
  readonly indices: readonly bigint[];
  readonly requestDigests: readonly string[];
  readonly responseDigests: readonly string[];
}

/** Undefined for an id that the contract does not know. */
export async function readSession(
  contracts: ComputeContracts,
  id: bigint,
): Promise<SessionTerms | undefined> {
  const found = await known(contracts.sessions.get(id));
  if (found === undefined || Number(found.state) === SESSION.none) return undefined;
  return {
    id,
    user: found.user,
    voucherSigner: found.voucherSigner,
    service: found.service,
    operator: found.operator,
    receiptSigner: found.receiptSigner,
    modelId: found.modelId,
    tier: Number(found.tier),
    state: Number(found.state),
    unitPrice: found.unitPrice,
    budget: found.budget,
    amount: found.amount,
    receipts: found.receipts,
    expiresAt: found.expiresAt,
    claimBefore: found.claimBefore,
    openClaim: found.openClaim,
    feeBps: found.feeBps,
  };
}

/** Undefined for an id that the contract does not know. */
export async function readClaim(contracts: ComputeContracts, id: bigint): Promise<ClaimTerms | undefined> {
  const found = await known(contracts.sessions.claimOf(id));
  if (found === undefined || Number(found.state) === 0) return undefined;
  const { session, amount, firstReceipt, receipts, receiptsRoot, draw, freeAt } = found;
  return {
    id,
    session,
    state: Number(found.state),
    amount,
    firstReceipt,
    receipts,
    receiptsRoot,
    draw,
    freeAt,
  };
}

/** Undefined for a claim that has no audit yet. */
export async function readAudit(contracts: ComputeContracts, claim: bigint): Promise<AuditState | undefined> {
  const found: IAudits.AuditStructOutput | undefined = await known(contracts.audits.get(claim));
  if (found === undefined || Number(found.stage) === 0) return undefined;
  return {
    claim,
    stage: Number(found.stage),
    verdict: Number(found.verdict),
    round: found.round,
    deadline: found.deadline,
    operator: found.operator,
    modelId: found.modelId,
    committee: [...found.committee],
    indices: [...found.indices],
    requestDigests: [...found.requestDigests],
    responseDigests: [...found.responseDigests],
  };
}

async function known<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    // The contract refuses an id it does not know.
    if (isCallException(error)) return undefined;
    throw error;
  }
}
