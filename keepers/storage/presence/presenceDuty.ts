import { challengeOf, type OpenChallenge } from "../chain/absence.ts";
import type { CommitteeMember, CommitteeView } from "../chain/committeeView.ts";
import { currentEpoch } from "../chain/overview.ts";
import type { Turns } from "../chain/turns.ts";
import { setOf } from "../format/placement.ts";
import { collectOwed } from "./answer.ts";
import { challengeMember, expelMember } from "./challenge.ts";
import type { ChallengeBook } from "./challengeBook.ts";
import type { PresenceParts } from "./parts.ts";
import { probeMembers } from "./probe.ts";
import type { Watch } from "./watch.ts";

export interface PresenceNeeds extends PresenceParts {
  readonly committee: CommitteeView;
  readonly watch: Watch;
  readonly book: ChallengeBook;
  readonly turns: Turns;
  /** Limit for one probe, milliseconds. */
  readonly timeoutMs: number;
  readonly challengesPerEpoch: number;
  /** Wei from which on what is owed is collected. */
  readonly collectFrom: bigint;
}

/** What is to be done about the members of a committee. */
export type PresenceTask =
  | { readonly kind: "challenge"; readonly member: CommitteeMember; readonly epoch: bigint }
  | { readonly kind: "expel"; readonly member: CommitteeMember; readonly open: OpenChallenge }
  | { readonly kind: "collect" };

interface Members {
  readonly own: CommitteeMember;
  readonly others: readonly CommitteeMember[];
}

/** Probes the other members of this node's committee, and sees to it that who is gone gives up its seat. */
export class PresenceDuty {
  readonly #needs: PresenceNeeds;
  /** What the latest look has found, for people. */
  status: object = {};

  constructor(needs: PresenceNeeds) {
    this.#needs = needs;
  }

  /** Asks every other member whether it is there. */
  async probe(): Promise<void> {
    const { context, watch, metrics, timeoutMs, signal } = this.#needs;
    const members = await this.#members();
    const others = members?.others ?? [];
    watch.watch(others);
    await probeMembers(context.http, others, { timeoutMs, signal }, (member, isThere) => {
      watch.note(member, isThere);
      metrics.probes.inc({ outcome: isThere ? "answered" : "silent" });
    });
    metrics.silent.set(watch.silent);
    metrics.cutOff.set(watch.isCutOff ? 1 : 0);
  }

  /** What is to do now. Only a member acts, and only on its own committee. */
  async tasks(): Promise<PresenceTask[]> {
    const { context, absence, watch, book } = this.#needs;
    const collect = { kind: "collect" } as const;
    const members = await this.#members();
    if (members === undefined) return [collect];
    const { provider, deployment } = context;
    const [block, epoch, open] = await Promise.all([
      provider.getBlock("latest"),
      currentEpoch(provider, deployment),
      Promise.all(members.others.map(({ operator }) => challengeOf(absence, operator))),
    ]);
    const time = BigInt(block?.timestamp ?? 0);
    await book.prune(new Set(members.others.map(({ operator }) => operator)), epoch);
    const tasks: PresenceTask[] = members.others.flatMap((member, i) => {
      const challenge = open[i];
      const isOver = challenge !== undefined && time > challenge.deadline;
      const isDue = isOver && this.#isMyTurn(`expel/${member.operator}/${challenge.deadline}`, members);
      return isDue ? [{ kind: "expel", member, open: challenge }] : [];
    });
    const unasked = members.others.filter((_, i) => open[i] === undefined);
    const silent = await this.#toChallenge({ ...members, others: unasked }, epoch);
    const challenged = open.filter((challenge) => challenge !== undefined).length;
    this.status = { members: members.others.length + 1, silent: watch.silent, challenged };
    return [...tasks, ...silent, collect];
  }

  async perform(task: PresenceTask): Promise<void> {
    if (task.kind === "expel") await expelMember(this.#needs, task.member, task.open);
    else if (task.kind === "challenge")
      await challengeMember(this.#needs, this.#needs.book, task.member, task.epoch);
    else await collectOwed(this.#needs, this.#needs.collectFrom);
  }

  /** One at a time: they share an allowance. */
  async #toChallenge(members: Members, epoch: bigint): Promise<PresenceTask[]> {
    const { watch, book, challengesPerEpoch } = this.#needs;
    if (watch.isCutOff) return [];
    const gone = members.others.filter((member) => watch.isGone(member));
    if (gone.length === 0 || (await book.count(epoch)) >= challengesPerEpoch) return [];
    for (const member of gone) {
      if (!(await book.mayAsk(member.operator, epoch))) continue;
      if (this.#isMyTurn(`challenge/${member.operator}/${epoch}`, members))
        return [{ kind: "challenge", member, epoch }];
    }
    return [];
  }

  async #members(): Promise<Members | undefined> {
    const { context, committee } = this.#needs;
    const { members } = await committee.current();
    const self = context.transactions.address;
    const own = members.find(({ operator }) => operator === self);
    return own && { own, others: members.filter((member) => member !== own) };
  }

  #isMyTurn(name: string, { own, others }: Members): boolean {
    const seats = setOf([own, ...others].map(({ number }) => number));
    return this.#needs.turns.hasCome(name, { committee: 0, committees: 1, seat: own.number, seats });
  }
}
