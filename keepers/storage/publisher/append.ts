import { Interface, type JsonRpcApiProvider } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { RetryableError } from "../../runtime/errors.ts";
import type { Store } from "../../runtime/store/store.ts";
import { TransactionRevertedError } from "../../runtime/transactions/errors.ts";
import { decodeRevert } from "../../runtime/transactions/reverts.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import { ensureAllowance } from "../chain/allowance.ts";
import { contractAddress } from "../chain/committeeView.ts";
import type { LoggedBatch } from "../chain/publications.ts";
import { reaches, type StorageState, sizeOf, stateOf } from "../format/placement.ts";
import { appendKey, type ComposedCall, createComposedCalls, type Draft, lookUp } from "./drafts.ts";
import { type GatherNeeds, gatherReceipts } from "./gather.ts";

export interface AppendNeeds extends GatherNeeds {
  readonly provider: JsonRpcApiProvider;
  readonly transactions: TransactionSender;
  /** Remembers what was about to be sent. */
  readonly store: Store;
}

export interface Appended {
  readonly batch: LoggedBatch;
  /** True when an earlier call had appended it. */
  readonly known: boolean;
}

const ERRORS = [
  IStorageLog__factory.createInterface(),
  new Interface(["error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)"]),
];
/** The chain's word that what was signed or priced is out of date: members sign again, and the price is asked again. */
const STALE: readonly (string | undefined)[] = [
  "StorageLog_WrongVersion",
  "StorageLog_InvalidCertificate",
  "StorageLog_FeeAboveMax",
  // Another batch has used the allowance up.
  "ERC20InsufficientAllowance",
];
const ATTEMPTS = 4;

/**
 * Has a draft on the log with a certificate, and pays for it once: it may be cut off anywhere and called again.
 * @throws RetryableError storage/not-final, storage/not-appended; what the transaction sender throws
 */
export async function ensureAppended(
  needs: AppendNeeds,
  draft: Draft,
  signal: AbortSignal,
): Promise<Appended> {
  const { transactions, deployment } = needs;
  const to = contractAddress(deployment, "StorageLog");
  const calls = createComposedCalls(needs.store);
  for (let attempt = 1; ; attempt++) {
    const { known, latest } = await lookUp(needs, transactions.address, draft, signal);
    if (known !== undefined) return { batch: known, known: true };
    const key = appendKey(draft, latest);
    let call = await calls.get(key);
    if (call === undefined) {
      call = await compose(needs, draft, signal);
      await calls.put(key, call);
    }
    try {
      // Again after a reorg, which may have taken the approval out as well.
      await approve(needs, call, signal);
      await transactions.send({ key, to, data: call.data }, signal);
    } catch (error) {
      if (!(error instanceof TransactionRevertedError)) throw error;
      // It is over: nothing under this key can land any more.
      await calls.delete(key);
      if (attempt >= ATTEMPTS || !STALE.includes(errorName(error))) throw error;
      continue;
    }
    const { known: landed } = await lookUp(needs, transactions.address, draft, signal);
    if (landed === undefined) throw notAppended(draft.root);
    return { batch: landed, known: false };
  }
}

/** Gathers receipts, and lets the log take the fee of now. */
async function compose(needs: AppendNeeds, draft: Draft, signal: AbortSignal): Promise<ComposedCall> {
  const { provider, deployment } = needs;
  const { root, committee, months, layout } = draft;
  const { certificate } = await gatherReceipts(needs, committee, layout, signal);
  const log = IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const fee = await log.feeUp(layout.units, months);
  // A batch that came between may have used the allowance up: then approving again is a new job.
  const approval = `storage/approve/${root}/${await log.batchCount()}/${fee}`;
  const order = { root, committee, segments: layout.segments.length, units: layout.units, months };
  const data = log.interface.encodeFunctionData("appendCertified", [order, certificate, fee]);
  return { data, fee, approval };
}

async function approve(
  { provider, deployment, transactions }: AppendNeeds,
  { fee, approval }: ComposedCall,
  signal: AbortSignal,
): Promise<void> {
  const spender = contractAddress(deployment, "StorageLog");
  const token = await IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider).token();
  await ensureAllowance(provider, transactions, { token, spender, amount: fee, key: approval }, signal);
}

/**
 * Has a batch covered by as many slots as make it `wanted`, as far as members sign: those that have not signed are asked, and
 * what they add goes to the chain. Anybody who knows the segments may do it, for any owner's batch.
 * @returns slots that are covered now
 * @throws RetryableError storage/not-final; what the transaction sender throws
 */
export async function topUp(
  needs: AppendNeeds,
  id: bigint,
  draft: Pick<Draft, "committee" | "layout">,
  wanted: StorageState,
  signal: AbortSignal,
): Promise<bigint> {
  const { provider, deployment, transactions } = needs;
  const to = contractAddress(deployment, "StorageLog");
  const log = IStorageLog__factory.connect(to, provider);
  for (let attempt = 1; ; attempt++) {
    const covered = await log.coverageOf(id);
    if (reaches(stateOf(sizeOf(covered)), wanted)) return covered;
    const { certificate, slots } = await gatherReceipts(needs, draft.committee, draft.layout, signal);
    if ((slots & ~covered) === 0n) return covered;
    // Signatures are deterministic: the table and who is missing say which certificate it is.
    const key = `storage/certify/${id}/${certificate.version}/${certificate.missing}`;
    const data = log.interface.encodeFunctionData("certify", [id, certificate]);
    try {
      await transactions.send({ key, to, data }, signal);
    } catch (error) {
      const name = errorName(error);
      const mayPass = STALE.includes(name) || name === "StorageLog_NothingNew";
      if (!mayPass || attempt >= ATTEMPTS) throw error;
    }
  }
}

function errorName(error: unknown): string | undefined {
  return error instanceof TransactionRevertedError ? decodeRevert(error.revert.data, ERRORS).name : undefined;
}

function notAppended(root: string): RetryableError {
  return new RetryableError(
    "storage/not-appended",
    `the batch ${root} is not in the log (a reorg?); publish again`,
    { root },
  );
}
