import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { KeeperContext } from "../../runtime/context.ts";
import type { Batch, Batches } from "../chain/batches.ts";
import { contractAddress } from "../chain/committeeView.ts";
import { placeOf } from "../chain/seats.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import type { PendingBatches } from "../disk/pendingBatches.ts";
import type { SegmentEntry } from "../disk/segmentIndex.ts";
import { parseName } from "../format/names.ts";
import { decodeOwners, slotsOf } from "../format/placement.ts";
import { type DropReason, type Owing, stripsOwed } from "./owed.ts";

export interface LedgerNeeds {
  readonly context: Pick<KeeperContext, "provider" | "deployment" | "transactions">;
  readonly batches: Batches;
  readonly lists: BatchIndex;
  readonly pending: PendingBatches;
  /** How long a receipt promises that rows are kept without pay, milliseconds. */
  readonly unpaidMs: number;
  readonly startedAt: number;
}

/** Epochs after that of its expiry in which a batch is still held: audits of its last epoch may end in the next. */
const EXPIRED_EPOCHS = 2n;

/** What the chain and this node have said, at one time. */
interface Facts {
  readonly owing: Omit<Owing, "isLive" | "isPending" | "hasExpired">;
  readonly isHeld: (batch: Batch) => boolean;
  /** Roots of batches that have to be held. */
  readonly live: ReadonlySet<string>;
  /** Roots of batches that were signed for. */
  readonly pending: ReadonlySet<string>;
}

/** What a node owes, at one time. */
export class Ledger {
  readonly #needs: LedgerNeeds;
  readonly #facts: Facts;

  private constructor(needs: LedgerNeeds, facts: Facts) {
    this.#needs = needs;
    this.#facts = facts;
  }

  /** Undefined where this node sits on no committee: then it is not known what it owes. */
  static async read(needs: LedgerNeeds): Promise<Ledger | undefined> {
    const { context, batches, lists, unpaidMs, startedAt } = needs;
    const { committee, seat } = await placeOf(
      context.provider,
      context.deployment,
      context.transactions.address,
    );
    if (seat === 0) return undefined;
    const { epoch, epochLength, slots } = await readSlots(context, committee, seat);
    const isHeld = ({ expiry }: Batch) => expiry === 0n || epoch < expiry / epochLength + EXPIRED_EPOCHS;
    let isComplete = await hasFollowed(context, batches);
    const live = new Set<string>();
    for await (const batch of batches.all(committee)) {
      if (!isHeld(batch)) continue;
      live.add(batch.root);
      if (isComplete && !(await lists.has(batch.root))) isComplete = false;
    }
    const promisedSince = Date.now() - unpaidMs;
    const pending = await freshPending(needs, promisedSince);
    const owing = { slots, isComplete, promisedSince, startedAt };
    return new Ledger(needs, { owing, isHeld, live, pending });
  }

  /** How to judge a segment; what comes of it may be asked again as its entry changes. */
  async judge(name: string, first: SegmentEntry) {
    const { lists, batches } = this.#needs;
    const { live, pending, isHeld } = this.#facts;
    const roots = await lists.batchesOf(name);
    const paying = first.batch === undefined ? undefined : await batches.byId(first.batch);
    const owing: Owing = {
      ...this.#facts.owing,
      isLive: roots.some((root) => live.has(root)),
      isPending: roots.some((root) => pending.has(root)),
      hasExpired: paying !== undefined && !isHeld(paying),
    };
    const commitment = parseName(name);
    return (entry: SegmentEntry): { keep: bigint; reason: DropReason } =>
      // Paid for by another batch meanwhile: the next look knows more.
      stripsOwed(entry, commitment, entry.batch === first.batch ? owing : { ...owing, isComplete: false });
  }
}

/** Slots of now, and of the epochs around: who took one over had two epochs to copy. @throws when the chain has forgotten them */
async function readSlots(
  { provider, deployment }: LedgerNeeds["context"],
  committee: number,
  seat: number,
): Promise<{ epoch: bigint; epochLength: bigint; slots: bigint }> {
  const parameters = IParameters__factory.connect(contractAddress(deployment, "Parameters"), provider);
  const committees = ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider);
  const [block, epochLength] = await Promise.all([provider.getBlock("latest"), parameters.epochLength()]);
  const epoch = BigInt(block!.timestamp) / epochLength;
  const [owners, ...liable] = await Promise.all([
    committees.owners(committee),
    ...[-1n, 0n, 1n].map((offset) => committees.liableSlots(committee, seat, epoch + offset)),
  ] as const);
  const owned = slotsOf(decodeOwners(owners), seat);
  return { epoch, epochLength, slots: liable.reduce((sum, set) => sum | set, owned) };
}

/** Whether all batches of the chain are known here. */
async function hasFollowed({ provider, deployment }: LedgerNeeds["context"], batches: Batches) {
  const log = IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider);
  const count = await log.batchCount();
  return count === 0n || (await batches.byId(count - 1n)) !== undefined;
}

/** Roots that were signed for and may still come; older ones are forgotten. */
async function freshPending({ pending }: LedgerNeeds, since: number): Promise<ReadonlySet<string>> {
  for await (const { asker, root } of pending.before(since)) await pending.settle(asker, root);
  const roots = new Set<string>();
  for await (const { root } of pending.before(Number.POSITIVE_INFINITY)) roots.add(root);
  return roots;
}
