import type { KeeperContext } from "../../runtime/context.ts";
import { Alarm } from "../../runtime/duties/alarm.ts";
import { runInBackground } from "../../runtime/duties/background.ts";
import { runDuties } from "../../runtime/duties/duties.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import { AuditReader, type Moment } from "../audits/auditReader.ts";
import { Lull } from "../audits/lull.ts";
import { attemptCall } from "../chain/attemptCall.ts";
import { parameterOf, stepKey } from "../chain/bonding.ts";
import { type Place, seatIn } from "../chain/seats.ts";
import { Turns } from "../chain/turns.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { type CaseReader, type CaseView, isOpen } from "./caseReader.ts";
import type { CaseMetrics } from "./metrics.ts";
import { type CaseStep, stepsOf } from "./plan.ts";
import { rowToShow } from "./showing.ts";

export interface CaseTiming {
  /** Pause between two looks at the chain, milliseconds. */
  readonly pollMs: number;
  /** Between the turns of two nodes at the same crank, milliseconds. */
  readonly turnMs: number;
}

export interface CaseDutyNeeds {
  readonly context: Pick<
    KeeperContext,
    "provider" | "deployment" | "transactions" | "logger" | "server" | "store" | "signal" | "closers"
  >;
  readonly reader: CaseReader;
  readonly segments: Pick<SegmentStore, "head" | "strips">;
  readonly metrics: CaseMetrics;
}

/** No node waits longer for its turn, milliseconds: windows are minutes. */
const LONGEST_WAIT_MS = 60_000;
const AT_ONCE = 16;
const CURSOR = "oldest";

interface Task {
  readonly view: CaseView;
  readonly step: CaseStep;
}

/**
 * Shows the rows that cases ask of this node, moves cases of its committee on in its turn, and takes deposits that are its own.
 * All that it does is found on the chain anew in each round, and sent under keys made of chain facts.
 */
export function startCaseDuty(needs: CaseDutyNeeds, { pollMs, turnMs }: CaseTiming): void {
  const { context } = needs;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const duty = new CaseDuty(needs, new Turns({ stepMs: turnMs, mostMs: LONGEST_WAIT_MS }), signal);
  const loop = { logger: context.logger, signal, alarm: new Alarm(), pollMs };
  const work = runDuties(
    loop,
    () => duty.tasks(),
    (task) => duty.perform(task),
  );
  runInBackground({ ...context, signal }, "cases", work);
  context.closers.add("cases' stop", () => stop.abort());
}

class CaseDuty {
  readonly #needs: CaseDutyNeeds;
  readonly #turns: Turns;
  readonly #signal: AbortSignal;
  readonly #clock: AuditReader;
  readonly #cursor: Records<bigint>;
  /** Rows that this node has been asked for and lacks, so that it is said once. */
  readonly #lacking = new Set<string>();
  readonly #lull = new Lull();
  #place: Place = { committee: 0, seat: 0 };

  constructor(needs: CaseDutyNeeds, turns: Turns, signal: AbortSignal) {
    const { provider, deployment, store } = needs.context;
    this.#needs = needs;
    this.#turns = turns;
    this.#signal = signal;
    this.#clock = new AuditReader(provider, deployment);
    this.#cursor = createRecords(store.under("storage/cases/"), "", plainFormat());
  }

  /** What is to do now about each case of the committee that isn't decided. */
  async tasks(): Promise<Task[]> {
    const moment = await this.#clock.now();
    if (this.#lull.lasts(moment)) return [];
    this.#lull.end();
    const place = await seatIn(this.#clock.contracts.committees, this.#needs.context.transactions.address);
    // Who has left answers for its slots for an epoch longer.
    if (place.seat !== 0) this.#place = place;
    const open = await this.#open(moment);
    this.#needs.metrics.open.set(open.length);
    if (open.length === 0) await this.#collect();
    const tasks = (await Promise.all(open.map((view) => this.#tasksOf(view, moment)))).flat();
    if (tasks.length === 0) {
      const ends = open.map(({ deadline }) => deadline);
      this.#lull.begin(moment, ends);
    }
    return tasks;
  }

  /** Undecided cases of the committee. What is decided is not looked at again, once no reorg can give its number to another. */
  async #open({ epoch }: Moment): Promise<CaseView[]> {
    const { reader } = this.#needs;
    const count = await reader.count();
    const known = (await this.#cursor.get(CURSOR)) ?? 1n;
    const open: CaseView[] = [];
    let oldest: bigint | undefined;
    for (let from = known; from <= count; from += BigInt(AT_ONCE)) {
      this.#signal.throwIfAborted();
      const length = Math.min(AT_ONCE, Number(count - from) + 1);
      const ids = Array.from({ length }, (_, i) => from + BigInt(i));
      for (const view of await Promise.all(ids.map((id) => reader.view(id)))) {
        if (isOpen(view) || view.epoch + 1n >= epoch) oldest ??= view.id;
        if (isOpen(view) && view.committee === this.#place.committee) open.push(view);
      }
    }
    await this.#cursor.put(CURSOR, oldest ?? count + 1n);
    return open;
  }

  async #tasksOf(view: CaseView, moment: Moment): Promise<Task[]> {
    const draw = view.verdict === "pending" ? await this.#needs.reader.drawState(view) : "none";
    return stepsOf(view, this.#place.seat, moment, draw).map((step) => ({ view, step }));
  }

  async perform({ view, step }: Task): Promise<void> {
    if (step.kind === "show") {
      for (const number of step.numbers) await this.#show(view, number);
    } else if (await this.#isMyTurn(`${step.kind}/${nameOfCase(view)}`)) {
      const { interface: calls } = this.#needs.reader.contract;
      await this.#send(
        `${step.kind}/${nameOfCase(view)}`,
        calls.encodeFunctionData(step.kind as "ask", [view.id]),
      );
    }
  }

  async #show(view: CaseView, number: number): Promise<void> {
    const { reader, segments, metrics, context } = this.#needs;
    const name = `show/${nameOfCase(view)}/${number}`;
    const row = Number((await reader.contract.rowsOf(view.id))[number]);
    const shown = await rowToShow(segments, view.commitment, row);
    if (shown === undefined) {
      if (this.#lacking.has(name)) return;
      this.#lacking.add(name);
      metrics.lacking.inc();
      return context.logger.error(
        { case: view.id.toString(), row },
        "a case asks for a row that is not here",
      );
    }
    const { row: bytes, path, rlcRoot } = shown;
    const { interface: calls } = reader.contract;
    const data = calls.encodeFunctionData("show", [view.id, number, bytes, [...path], rlcRoot]);
    if (await this.#send(name, data)) metrics.shown.inc();
  }

  /** Takes what cases owe the operator, once it is worth a transaction. */
  async #collect(): Promise<void> {
    const { reader, context } = this.#needs;
    const operator = context.transactions.address;
    const owed = await reader.contract.owed(operator);
    if (owed === 0n || owed < (await parameterOf(context, "storage.filingDeposit")) / 2n) return;
    const key = await stepKey(context, "cases/collect");
    const data = reader.contract.interface.encodeFunctionData("collect", [operator]);
    await attemptCall(context, { key, to: await reader.contract.getAddress(), data }, this.#signal);
  }

  async #send(key: string, data: string): Promise<boolean> {
    const { reader, context } = this.#needs;
    const call = { key: `storage/cases/${key}`, to: await reader.contract.getAddress(), data };
    return await attemptCall(context, call, this.#signal);
  }

  async #isMyTurn(name: string): Promise<boolean> {
    const { committees } = this.#clock.contracts;
    const { committee, seat } = this.#place;
    const [seats, count] = await Promise.all([committees.seats(committee), committees.committeeCount()]);
    return this.#turns.hasCome(name, { committee, seat, seats, committees: Number(count) });
  }
}

/** A reorg may give the number of a case to another: what it is about tells them apart. */
function nameOfCase({ id, epoch, commitment, draw }: CaseView): string {
  return `${id}/${epoch}/${draw}/${commitment.slice(2, 18)}`;
}
