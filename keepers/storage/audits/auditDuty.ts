import type { KeeperContext } from "../../runtime/context.ts";
import { Alarm } from "../../runtime/duties/alarm.ts";
import { runInBackground } from "../../runtime/duties/background.ts";
import { runDuties } from "../../runtime/duties/duties.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import { rewardsOf } from "../chain/audits.ts";
import { type Place, seatIn } from "../chain/seats.ts";
import { Turns } from "../chain/turns.ts";
import { AuditReader, type AuditView, type Moment } from "./auditReader.ts";
import type { SampleSources } from "./locate.ts";
import { Lull } from "./lull.ts";
import { createAuditMetrics } from "./metrics.ts";
import { type AuditParts, sendCall } from "./parts.ts";
import { type Crank, type Duty, dutiesOf, isOver } from "./plan.ts";
import { Prover } from "./prove.ts";
import { evictShort, openSeats, settleSeats } from "./settle.ts";
import { Workbook } from "./workbook.ts";

export interface AuditOptions {
  /** Pause between two looks at the chain, milliseconds. */
  readonly pollMs?: number;
  /** Between the turns of two nodes at the same crank, milliseconds. */
  readonly turnMs?: number;
}

const DEFAULTS = { pollMs: 2_000, turnMs: 2_000 } as const;
/** No node waits longer for its turn, milliseconds: windows are minutes. */
const LONGEST_WAIT_MS = 60_000;
/** Epochs that a node without a past looks back on. */
const LOOK_BACK = 8n;
/** Audits looked at together. */
const AT_ONCE = 16n;
const CURSOR = "oldest";

type AuditContext = Pick<
  KeeperContext,
  | "provider"
  | "deployment"
  | "transactions"
  | "logger"
  | "metrics"
  | "server"
  | "closers"
  | "signal"
  | "store"
>;

/** One audit and what it asks for now. */
interface Task {
  readonly view: AuditView;
  readonly moment: Moment;
  readonly duty: Duty;
}

/**
 * Takes part in every epoch's audit for as long as the keeper runs: commits and opens this node's samples, moves audits on in its
 * turn, settles and closes them. All that it does is found on the chain anew in each round, and sent under keys made of chain
 * facts; so it may be killed anywhere and go on after any pause.
 */
export function startAuditDuty(
  context: AuditContext,
  { cases, ...sources }: SampleSources & Pick<AuditParts, "cases">,
  options: AuditOptions = {},
): void {
  const { pollMs, turnMs } = { ...DEFAULTS, ...options };
  const { provider, deployment, logger } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const store = context.store.under("storage/audits/");
  const duty = new AuditDuty(
    {
      ...{ context, sources, signal },
      ...(cases && { cases }),
      reader: new AuditReader(provider, deployment),
      workbook: new Workbook(store),
      metrics: createAuditMetrics(context.metrics),
    },
    createRecords<bigint>(store, "", plainFormat()),
    new Turns({ stepMs: turnMs, mostMs: LONGEST_WAIT_MS }),
  );
  context.server.probes.addStatus("audits", async () => duty.status);
  const loop = { logger, signal, alarm: new Alarm(), pollMs };
  const work = runDuties(
    loop,
    () => duty.tasks(),
    (task) => duty.perform(task),
  );
  runInBackground({ ...context, signal }, "audits", work);
  context.closers.add("audits' stop", () => stop.abort());
}

class AuditDuty {
  readonly #parts: AuditParts;
  readonly #cursor: Records<bigint>;
  readonly #turns: Turns;
  readonly #prover: Prover;
  /** Epochs whose outcome was counted. */
  readonly #counted = new Set<bigint>();
  readonly #lull = new Lull();
  #place: Place = { committee: 0, seat: 0 };
  /** What the latest look has found, for people. */
  status: object = {};

  constructor(parts: AuditParts, cursor: Records<bigint>, turns: Turns) {
    this.#parts = parts;
    this.#cursor = cursor;
    this.#turns = turns;
    this.#prover = new Prover(parts);
  }

  /** What is to do now, in every audit that isn't over. */
  async tasks(): Promise<Task[]> {
    const { reader, signal } = this.#parts;
    const moment = await reader.now();
    if (this.#lull.lasts(moment)) return [];
    this.#lull.end();
    const place = await this.#seat();
    const tasks: Task[] = [];
    const ends: bigint[] = [];
    let oldest = await this.#oldest(moment);
    for (let from = oldest; from <= moment.epoch; from += AT_ONCE) {
      signal.throwIfAborted();
      const length = Math.min(Number(AT_ONCE), Number(moment.epoch - from) + 1);
      const epochs = Array.from({ length }, (_, i) => from + BigInt(i));
      const views = await Promise.all(epochs.map((epoch) => reader.view(epoch, place, moment.epoch)));
      for (const view of views) {
        await this.#count(view);
        if (isOver(view, moment) && view.epoch === oldest) oldest++;
        for (const duty of dutiesOf(view, moment)) tasks.push({ view, moment, duty });
        ends.push(view.deadline);
        this.#tell(view);
      }
      // After a long sleep there may be thousands: those are not looked at twice.
      await this.#cursor.put(CURSOR, oldest);
    }
    if (tasks.length === 0) this.#lull.begin(moment, ends);
    return tasks;
  }

  async perform({ view, moment, duty }: Task): Promise<void> {
    if (duty.kind === "commit") await this.#prover.commit(view, this.#place, moment);
    else if (duty.kind === "answer") await this.#prover.answer(view, this.#place, moment);
    else if (duty.kind === "crank") await this.#turn(view.epoch, duty.crank);
    else if (duty.scope === "seat") await this.#settleOwn(view.epoch);
    else await this.#settle(view.epoch, duty.scope);
  }

  /** Where this node sits, or sat: it answers for its slots for an epoch longer. */
  async #seat(): Promise<Place> {
    const { context, reader } = this.#parts;
    const place = await seatIn(reader.contracts.committees, context.transactions.address);
    if (place.seat !== 0) this.#place = place;
    return this.#place;
  }

  async #oldest({ epoch }: Moment): Promise<bigint> {
    const known = await this.#cursor.get(CURSOR);
    if (known !== undefined && known <= epoch) return known;
    return epoch > LOOK_BACK ? epoch - LOOK_BACK : 0n;
  }

  async #turn(epoch: bigint, crank: Crank): Promise<void> {
    if (!(await this.#isMyTurn(`${crank}/${epoch}`))) return;
    const { reader, metrics } = this.#parts;
    if (crank === "close") await this.#evict(epoch);
    const { audits } = reader.contracts;
    const data = audits.interface.encodeFunctionData(crank as "open", [epoch]);
    const call = { key: `${crank}/${epoch}`, to: await audits.getAddress(), data };
    if (await sendCall(this.#parts, call)) metrics.cranks.inc({ crank });
  }

  async #settleOwn(epoch: bigint): Promise<void> {
    const { committee, seat } = this.#place;
    await settleSeats(this.#parts, epoch, committee, [seat]);
  }

  async #settle(epoch: bigint, scope: "committee" | "everywhere"): Promise<void> {
    const { reader, metrics, signal } = this.#parts;
    const count = Number(await reader.contracts.committees.committeeCount());
    const own = this.#place.committee;
    const numbers = scope === "committee" ? [own] : Array.from({ length: count }, (_, i) => i);
    for (const committee of numbers) {
      signal.throwIfAborted();
      if ((await reader.contracts.log.unitsAt(committee, epoch)) === 0n) continue;
      const seats = await openSeats(this.#parts, epoch, committee);
      const name = `settle/${epoch}/${committee}`;
      if (seats.length === 0 || !(await this.#isMyTurn(name))) continue;
      if (await settleSeats(this.#parts, epoch, committee, seats)) metrics.cranks.inc({ crank: "settle" });
      if (committee === own) await this.#evict(epoch);
    }
  }

  async #evict(epoch: bigint): Promise<void> {
    const evicted = await evictShort(this.#parts, epoch, this.#place.committee);
    for (const operator of evicted)
      this.#parts.context.logger.warn({ operator }, "a member whose bond is short was removed");
  }

  async #isMyTurn(name: string): Promise<boolean> {
    const { committees } = this.#parts.reader.contracts;
    const { committee, seat } = this.#place;
    const [seats, count] = await Promise.all([committees.seats(committee), committees.committeeCount()]);
    return this.#turns.hasCome(name, { committee, seat, seats, committees: Number(count) });
  }

  /** Counts what an audit has come to for this node, once in the life of the process. */
  async #count({ epoch, standing }: AuditView): Promise<void> {
    if ((standing !== "paid" && standing !== "missed") || this.#counted.has(epoch)) return;
    const { context, metrics } = this.#parts;
    const { provider, deployment, transactions, logger } = context;
    this.#counted.add(epoch);
    if (standing === "missed") {
      metrics.missed.inc();
      logger.error({ epoch: epoch.toString() }, "this node was blamed in an audit");
      return;
    }
    const whose = { ...this.#place, operator: transactions.address };
    for (const { amount } of await rewardsOf(provider, deployment, whose, epoch)) {
      metrics.rewards.inc(Number(amount));
      logger.info({ epoch: epoch.toString(), amount: amount.toString() }, "an audit has paid");
    }
  }

  #tell({ epoch, stage, standing, units, deadline }: AuditView): void {
    this.status = { ...this.#place, epoch, stage, standing, units, deadline };
  }
}
