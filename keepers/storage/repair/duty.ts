import type { Provider } from "ethers";
import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { MyceliaError } from "../../runtime/errors.ts";
import type { Batch, Batches } from "../chain/batches.ts";
import {
  type CommitteeMember,
  type CommitteeState,
  type CommitteeView,
  contractAddress,
} from "../chain/committeeView.ts";
import type { Place } from "../chain/seats.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import type { BatchLayout } from "../format/batch.ts";
import { sizeOf } from "../format/placement.ts";
import { findList } from "./lists.ts";
import type { RestoreParts } from "./parts.ts";
import { planRepair, type RepairBudget, type RepairStep, type SegmentNeed } from "./planner.ts";
import { restoreSegment } from "./restore.ts";
import { type Shortage, shortagesOf } from "./shortages.ts";
import { surveyHolders } from "./survey.ts";
import { canTopUp, type TopUpNeeds, topUp } from "./topUp.ts";

export interface RepairNeeds extends RestoreParts, TopUpNeeds {
  readonly batches: Batches;
  readonly lists: BatchIndex;
  readonly committee: CommitteeView;
  readonly budget: RepairBudget;
  /** Segments repaired at a time. */
  readonly parallel: number;
}

/** What this node is now. */
interface Self {
  readonly member: CommitteeMember;
  readonly state: CommitteeState;
  /** Slots whose strips it must hold: its own, and those that it still answers for. */
  readonly slots: bigint;
  /** Of the chain, seconds. */
  readonly time: bigint;
}

/** Segments that are looked at together, so that those nearest to loss come first; bounds the memory. */
const MAX_SHORTAGES = 8_192;
/** Three quarters: the rest has less than the half that a segment takes. */
const MOST_SLOTS = 192;

/** Finds what this node must hold and lacks, and brings it back. What has been found complete is not looked at again. */
export class RepairDuty {
  readonly #needs: RepairNeeds;
  /** Roots of batches of which nothing is missing for `#slots`. */
  readonly #complete = new Set<string>();
  #slots = 0n;
  /** Segments that the last look found beyond repair, while most of the committee answered. */
  #hopeless: ReadonlySet<string> = new Set();
  /** What the last round saw, when it left nothing to do. */
  #idleAt: string | undefined;

  constructor(needs: RepairNeeds) {
    this.#needs = needs;
  }

  /** Something of a segment is gone from the disk. @param commitment lower-case hex without prefix */
  async suspect(commitment: string): Promise<void> {
    for (const root of await this.#needs.lists.batchesOf(commitment)) this.#complete.delete(root);
    this.#idleAt = undefined;
  }

  /** @param commitment lower-case hex without prefix */
  isHopeless(commitment: string): boolean {
    return this.#hopeless.has(commitment);
  }

  /** Does a part of what there is to do; true when more can be done at once. */
  async round(signal: AbortSignal): Promise<boolean> {
    const self = await this.#self();
    if (self === undefined) return false;
    const stamp = `${self.slots}/${this.#needs.batches.changes}`;
    if (stamp === this.#idleAt) return false;
    if (self.slots !== this.#slots) this.#complete.clear();
    this.#slots = self.slots;
    this.#idleAt = stamp;
    const shortages = await this.#look(self, signal);
    this.#needs.metrics.missing.set(shortages.size);
    if (shortages.size === 0) this.#setHopeless([]);
    return shortages.size > 0 && (await this.#repair(self, shortages, signal));
  }

  /** Looks for what is missing in batches that are not known to be complete, and signs for those that are. */
  async #look(self: Self, signal: AbortSignal): Promise<Map<string, Shortage>> {
    const { batches, segments, committee } = this.#needs;
    const shortages = new Map<string, Shortage>();
    for await (const batch of batches.live(committee.committee, self.time)) {
      signal.throwIfAborted();
      const isKnown = this.#complete.has(batch.root);
      if (isKnown && !canTopUp(batch, self.member)) continue;
      const layout = await this.#list(self, batch, signal);
      if (layout === undefined) continue;
      const before = shortages.size;
      if (!isKnown)
        for await (const shortage of shortagesOf(segments, batch.id, layout.segments, self.slots))
          shortages.set(shortage.name, shortage);
      if (shortages.size > before) this.#idleAt = undefined;
      else await this.#settle(self, batch, layout, signal);
      if (shortages.size >= MAX_SHORTAGES) break;
    }
    return shortages;
  }

  async #list(self: Self, batch: Batch, signal: AbortSignal): Promise<BatchLayout | undefined> {
    try {
      return await findList(this.#needs, this.#others(self), batch, signal);
    } catch (error) {
      this.#later(error, signal, "no list of a batch now");
      return undefined;
    }
  }

  /** A batch is complete here: this node may stand behind it. */
  async #settle(self: Self, batch: Batch, layout: BatchLayout, signal: AbortSignal): Promise<void> {
    this.#complete.add(batch.root);
    if (!canTopUp(batch, self.member)) return;
    try {
      await topUp(this.#needs, self.state.version, self.member, batch, layout, signal);
    } catch (error) {
      this.#later(error, signal, "a batch was not topped up");
    }
  }

  /** Repairs what is nearest to loss; whether anything came back. */
  async #repair(self: Self, shortages: ReadonlyMap<string, Shortage>, signal: AbortSignal): Promise<boolean> {
    const { budget, metrics, parallel } = this.#needs;
    const others = this.#others(self);
    const holders = await surveyHolders(this.#needs, others, [...shortages.keys()], signal);
    const needs: SegmentNeed[] = [...shortages.values()].map((shortage) => ({
      ...shortage,
      holders: holders.get(shortage.name)!,
    }));
    const plan = planRepair(needs, budget);
    metrics.hopeless.set(plan.hopeless.length);
    this.#setHopeless(this.#reaches(self) ? plan.hopeless : []);
    const members = new Map(others.map((member) => [member.number, member]));
    const steps = [...plan.steps];
    let restored = 0;
    const work = async (): Promise<void> => {
      for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
        const { batch } = shortages.get(step.need.name)!;
        if (await this.#restore(members, step, batch, signal)) restored++;
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    return restored > 0;
  }

  #setHopeless(needs: readonly SegmentNeed[]): void {
    this.#hopeless = new Set(needs.map(({ name }) => name));
    this.#needs.metrics.lost.set(needs.length);
  }

  /** Whether those that answered own enough to say that nobody has what they lack: who is cut off must not think so. */
  #reaches(self: Self): boolean {
    const answering = this.#others(self).filter((member) => this.#needs.book.isUsable(member));
    const slots = answering.reduce((sum, member) => sum | member.slots, self.member.slots);
    return sizeOf(slots) >= MOST_SLOTS;
  }

  async #restore(
    members: ReadonlyMap<number, CommitteeMember>,
    step: RepairStep,
    batch: bigint,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await restoreSegment(this.#needs, members, step, batch, signal);
      return true;
    } catch (error) {
      this.#needs.metrics.failed.inc();
      this.#later(error, signal, "a segment was not repaired");
      return false;
    }
  }

  /** The next round tries again. */
  #later(error: unknown, signal: AbortSignal, what: string): void {
    signal.throwIfAborted();
    this.#idleAt = undefined;
    const level = error instanceof MyceliaError && error.retry ? "debug" : "warn";
    this.#needs.logger[level]({ err: error }, what);
  }

  async #self(): Promise<Self | undefined> {
    const { committee, self, provider, deployment } = this.#needs;
    const state = await committee.current();
    const member = state.members.find(({ signer }) => signer.toLowerCase() === self);
    if (member === undefined) return undefined;
    const { timestamp } = (await provider.getBlock("latest"))!;
    const place = { committee: committee.committee, seat: member.number };
    const liable = await liableSlots(provider, deployment, place, BigInt(timestamp));
    return { member, state, slots: member.slots | liable, time: BigInt(timestamp) };
  }

  #others({ state, member }: Self): CommitteeMember[] {
    return state.members.filter(({ number }) => number !== member.number);
  }
}

/** Slots that a seat answers for in the epoch of `time` and the next. */
async function liableSlots(
  provider: Provider,
  deployment: Deployment,
  { committee, seat }: Place,
  time: bigint,
): Promise<bigint> {
  const parameters = IParameters__factory.connect(contractAddress(deployment, "Parameters"), provider);
  const committees = ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider);
  const epoch = time / (await parameters.epochLength());
  const [now, next] = await Promise.all([
    committees.liableSlots(committee, seat, epoch),
    committees.liableSlots(committee, seat, epoch + 1n),
  ]);
  return now | next;
}
