import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { KeeperContext } from "../../runtime/context.ts";
import type { BlsSigner } from "../../runtime/keys/blsKey.ts";
import type { Batch } from "../chain/batches.ts";
import { type CommitteeMember, contractAddress } from "../chain/committeeView.ts";
import type { BatchLayout } from "../format/batch.ts";
import { batchDigest } from "../format/batchReceipts.ts";
import { reaches, sizeOf, stateOf } from "../format/placement.ts";

export type TopUpNeeds = Pick<KeeperContext, "provider" | "chainId" | "deployment" | "transactions"> & {
  readonly bls: BlsSigner;
};

/** Whether a member's own word takes a batch on towards full: it is not full yet, and with that word it counts. */
export function canTopUp({ covered }: Pick<Batch, "covered">, { slots }: CommitteeMember): boolean {
  const after = stateOf(sizeOf(covered | slots));
  return !reaches(stateOf(sizeOf(covered)), "full") && (slots & ~covered) !== 0n && reaches(after, "final");
}

/**
 * Signs for a batch alone and has the log count it; only to be called for who holds all its strips.
 * @param version of the table in which the member has these slots
 * @throws TransactionRevertedError when the table has changed, or somebody was faster
 */
export async function topUp(
  { provider, chainId, deployment, transactions, bls }: TopUpNeeds,
  version: number,
  { number: seat }: CommitteeMember,
  { id, committee }: Batch,
  layout: BatchLayout,
  signal: AbortSignal,
): Promise<void> {
  const committees = ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider);
  const to = contractAddress(deployment, "StorageLog");
  const signature = bls.sign(batchDigest({ chainId, log: to }, { committee, version }, layout));
  const missing = (await committees.seats(committee)) & ~(1n << BigInt(seat));
  const certificate = { version, missing, signature };
  const data = IStorageLog__factory.createInterface().encodeFunctionData("certify", [id, certificate]);
  await transactions.send({ key: `storage/certify/${id}/${version}/${seat}`, to, data }, signal);
}
