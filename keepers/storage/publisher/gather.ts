import type { Provider } from "ethers";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import type { IStorageLog } from "../../../typechain-types/storage/interfaces/IStorageLog.js";
import { decodeKey, encodeSignature } from "../../runtime/bls/points.ts";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { RetryableError } from "../../runtime/errors.ts";
import { aggregate, type BlsKey, type BlsSignature } from "../../runtime/platform/bls.ts";
import { type CommitteeMember, contractAddress, createCommitteeView } from "../chain/committeeView.ts";
import type { ClientLimits, MemberFailure } from "../client/clientTypes.ts";
import { deliver, MemberHealth } from "../client/delivery.ts";
import type { MemberApi } from "../client/memberApi.ts";
import { type BatchLayout, encodeBatch } from "../format/batch.ts";
import { batchDigest, readBatchReceipt } from "../format/batchReceipts.ts";
import { reaches, sizeOf, stateOf } from "../format/placement.ts";

export interface GatherNeeds {
  readonly provider: Provider;
  readonly chainId: number;
  readonly deployment: Deployment;
  readonly api: MemberApi;
  readonly limits: ClientLimits;
}

/** What members have signed together. */
export interface Gathered {
  readonly certificate: IStorageLog.CertificateStruct;
  /** Slots of the signers. */
  readonly slots: bigint;
}

/**
 * Asks all members of a committee at once to stand behind a batch. Once the signers own 180 slots, those that are still busy are
 * given the grace; so a certificate is as full as it can be.
 * @throws RetryableError storage/not-final with the members' reasons
 */
export async function gatherReceipts(
  needs: GatherNeeds,
  committee: number,
  layout: BatchLayout,
  signal: AbortSignal,
): Promise<Gathered> {
  const { provider, chainId, deployment, api, limits } = needs;
  const { version, members } = await createCommitteeView(provider, deployment, { committee }).current(true);
  const table = { committee, version };
  const digest = batchDigest({ chainId, log: contractAddress(deployment, "StorageLog") }, table, layout);
  const list = encodeBatch(layout.segments);
  const health = new MemberHealth();
  const signatures = await deliver<BlsSignature>(members, {
    ...{ limits, health, signal },
    isFinal: (some) => isFinal(some.keys()),
    async send(member, one) {
      const key = await keyOf(needs, committee, member);
      const body = await api.postBatch(member, table, list, one);
      return readBatchReceipt(body, { seat: member.number, key, digest }).signature;
    },
  });
  signal.throwIfAborted();
  if (!isFinal(signatures.keys())) throw notFinal(committee, slotsOf(signatures.keys()), health.failures);
  const seats = await ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider).seats(
    committee,
  );
  let missing = seats;
  for (const { number } of signatures.keys()) missing &= ~(1n << BigInt(number));
  const signature = encodeSignature(aggregate([...signatures.values()]));
  return { certificate: { version, missing, signature }, slots: slotsOf(signatures.keys()) };
}

async function keyOf(
  { provider, deployment }: GatherNeeds,
  committee: number,
  { number }: CommitteeMember,
): Promise<BlsKey> {
  const committees = ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider);
  return decodeKey(await committees.keyAt(committee, number));
}

function slotsOf(members: Iterable<CommitteeMember>): bigint {
  let slots = 0n;
  for (const member of members) slots |= member.slots;
  return slots;
}

function isFinal(members: Iterable<CommitteeMember>): boolean {
  return reaches(stateOf(sizeOf(slotsOf(members))), "final");
}

function notFinal(committee: number, slots: bigint, failures: readonly MemberFailure[]): RetryableError {
  const first = failures[0];
  const why = first === undefined ? "too few slots have an owner" : `member ${first.member}: ${first.reason}`;
  return new RetryableError(
    "storage/not-final",
    `members with ${sizeOf(slots)} of 256 slots of committee ${committee} stand behind the batch, 180 are needed; nothing was paid (${why})`,
    { committee, slotsCovered: sizeOf(slots), failures },
  );
}
