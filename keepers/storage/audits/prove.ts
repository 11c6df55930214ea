import { hexlify } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import type { Place } from "../chain/seats.ts";
import { openDrawn, treeOf } from "./answer.ts";
import { auditedUnits } from "./auditedUnits.ts";
import type { AuditView, Moment } from "./auditReader.ts";
import { gatherSamples } from "./gather.ts";
import { type AuditParts, sendCall } from "./parts.ts";
import { nodeSeed, samplesOf } from "./samples.ts";
import type { AuditWork } from "./workbook.ts";

/** Looks for rows that are missing: so often in a commit window. */
const LOOKS_PER_WINDOW = 8n;

/**
 * A member's own part: it commits its samples and opens what is drawn of them.
 *
 * When rows are missing at first, the commit waits for repair until half of the window is over, and is then made without them:
 * a sample that was drawn and can't be opened costs what no commit costs, and most likely it isn't drawn. Rows are never fetched
 * for the sake of an answer.
 */
export class Prover {
  readonly #parts: AuditParts;
  /** When a seed's rows were looked for last, chain seconds. */
  readonly #looked = new Map<string, bigint>();
  /** Answers that can't be given, so that it is said once. */
  readonly #given = new Set<string>();

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  async commit(view: AuditView, place: Place, moment: Moment): Promise<void> {
    const { reader, context, metrics } = this.#parts;
    const work = await this.#work(view, place, moment);
    if (work === undefined) return;
    const { audits } = reader.contracts;
    const root = hexlify(treeOf(work).root());
    const args = [work.epoch, work.committee, work.seat, root] as const;
    const data = audits.interface.encodeFunctionData("commit", [...args]);
    const key = `commit/${view.epoch}/${hexlify(work.nodeSeed)}`;
    if (!(await sendCall(this.#parts, { key, to: await audits.getAddress(), data }))) return;
    metrics.committed.inc();
    context.logger.info(
      { epoch: view.epoch.toString(), root, missing: work.missing.length },
      "samples committed",
    );
  }

  async answer(view: AuditView, place: Place, { epochLength }: Moment): Promise<void> {
    const { reader, context, metrics, sources, workbook, cases } = this.#parts;
    const seed = await this.#seed(view, place);
    const name = `${view.epoch}/${hexlify(seed)}/${view.seedB}`;
    if (this.#given.has(name)) return;
    try {
      const work = await workbook.get(view.epoch, seed);
      if (work === undefined) throw unknownWork(view);
      const openings = await openDrawn({ ...sources, cases }, work, view.seedB, view.epoch * epochLength);
      const { audits } = reader.contracts;
      const { epoch, committee, seat, units, liable } = work;
      const sheet = { epoch, committee, seat, nodeSeed: work.nodeSeed, units, liable };
      const data = audits.interface.encodeFunctionData("answer", [sheet, openings]);
      if (!(await sendCall(this.#parts, { key: `answer/${name}`, to: await audits.getAddress(), data })))
        return;
      metrics.answered.inc();
      context.logger.info({ epoch: epoch.toString() }, "samples opened");
    } catch (error) {
      if (!(error instanceof FatalError) || !error.code.startsWith("storage/")) throw error;
      this.#given.add(name);
      context.logger.error({ err: error, epoch: view.epoch.toString() }, "no answer to an audit");
    }
  }

  /** The work for a seed: what was kept, or made now; undefined while it waits for missing rows. */
  async #work(view: AuditView, place: Place, moment: Moment): Promise<AuditWork | undefined> {
    const { reader, workbook, context } = this.#parts;
    const seed = await this.#seed(view, place);
    const known = await workbook.get(view.epoch, seed);
    if (known !== undefined) return known;
    const window = await reader.commitWindow(moment);
    const looked = this.#looked.get(hexlify(seed));
    if (looked !== undefined && moment.time < looked + window / LOOKS_PER_WINDOW) return undefined;
    this.#looked.set(hexlify(seed), moment.time);
    const { work, lost } = await this.#make(view, place, seed, moment);
    if (work.missing.length === 0) return await workbook.keep(work);
    if (moment.time > view.deadline - window / 2n) {
      await this.#parts.cases?.file(view.epoch, place.seat, lost);
      return await workbook.keep(work);
    }
    context.logger.warn(
      { epoch: view.epoch.toString(), missing: work.missing.length },
      "rows of an audit's sample are missing: the commit waits for repair",
    );
    return undefined;
  }

  async #make(view: AuditView, place: Place, seed: Uint8Array, moment: Moment) {
    const { sources, metrics, signal } = this.#parts;
    const { epoch, liable, units } = view;
    const epochStart = epoch * moment.epochLength;
    const audited = await auditedUnits(sources.batches, place.committee, units, epochStart);
    const samples = samplesOf(seed, liable, audited);
    const end = metrics.seconds.startTimer();
    const request = { committee: place.committee, seed, samples, epochStart };
    const { values, missing, lost, rowsRead } = await gatherSamples(sources, request, signal);
    end();
    metrics.rowsRead.inc(rowsRead);
    metrics.missingRows.set(missing.length);
    const shown = { values: Buffer.concat(values), missing };
    const work: AuditWork = { epoch, ...place, nodeSeed: seed, units, liable, ...shown };
    return { work, lost };
  }

  /** Under the seat's last holder, as the contract makes it. */
  async #seed({ seedA }: AuditView, { committee, seat }: Place): Promise<Uint8Array> {
    const { operator } = await this.#parts.reader.contracts.committees.holderAt(committee, seat);
    return nodeSeed(seedA, { committee, seat, operator });
  }
}

function unknownWork({ epoch }: AuditView): FatalError {
  return new FatalError(
    "storage/unknown-work",
    `this node has not kept what it committed in epoch ${epoch}; was its store lost, or does another node use its key?`,
    { epoch: epoch.toString() },
  );
}
