import { hexlify } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import type { KeeperContext } from "../../runtime/context.ts";
import type { LocatedRow } from "../audits/locate.ts";
import type { AuditCases } from "../audits/parts.ts";
import { ensureAllowance } from "../chain/allowance.ts";
import { attemptCall } from "../chain/attemptCall.ts";
import { parameterOf } from "../chain/bonding.ts";
import { contractAddress } from "../chain/committeeView.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import type { PlacedSegment } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { type CaseReader, isOpen } from "./caseReader.ts";
import type { CaseMetrics } from "./metrics.ts";

export interface FilingNeeds {
  readonly context: Pick<KeeperContext, "provider" | "deployment" | "transactions" | "logger">;
  readonly reader: CaseReader;
  readonly lists: Pick<BatchIndex, "layout">;
  /** Whether repair has found, with most of the committee answering, that a segment can't be rebuilt. */
  readonly isHopeless: (commitment: string) => boolean;
  readonly metrics: CaseMetrics;
  /** Cases that are filed in an epoch at most: each wrong one costs its deposit. */
  readonly most: number;
  readonly signal: AbortSignal;
}

const UNIT_BYTES = 64;

/** Brings cases about segments that can't be rebuilt, those first that most of the samples lie in. */
export class Filing implements AuditCases {
  readonly #needs: FilingNeeds;

  constructor(needs: FilingNeeds) {
    this.#needs = needs;
  }

  voiding(...[seat, { batch, segment, sample }]: Parameters<AuditCases["voiding"]>) {
    const { reader } = this.#needs;
    return reader.voiding(seat, { batch: batch.id, segment: segment.index, unit: sample.unit });
  }

  async file(epoch: bigint, seat: number, lost: readonly LocatedRow[]): Promise<void> {
    const { isHopeless, most, context, metrics } = this.#needs;
    const hopeless = lost.filter(({ segment }) => isHopeless(nameOf(segment.commitment)));
    for (const [first] of bySegment(hopeless).slice(0, most)) {
      if (first === undefined || (await this.#isFiled(first, seat))) continue;
      if (!(await this.#fileOne(epoch, seat, first))) continue;
      metrics.filed.inc();
      const about = { segment: nameOf(first.segment.commitment), batch: first.batch.id.toString() };
      context.logger.warn(about, "a case was filed: this segment can't be rebuilt");
    }
  }

  async #isFiled({ batch, segment }: LocatedRow, seat: number): Promise<boolean> {
    const { reader } = this.#needs;
    const id = await reader.latest(batch.id, segment.index, seat);
    if (id === 0n) return false;
    const view = await reader.view(id);
    return isOpen(view) || view.verdict === "unrecoverable";
  }

  async #fileOne(epoch: bigint, seat: number, { batch, segment }: LocatedRow): Promise<boolean> {
    const { context, reader, lists, signal } = this.#needs;
    const layout = await lists.layout(batch.root);
    if (layout === undefined) return false;
    const to = await reader.contract.getAddress();
    const name = `storage/cases/file/${epoch}/${batch.root}/${segment.index}/${seat}`;
    const amount = await parameterOf(context, "storage.filingDeposit");
    const bonds = IBonds__factory.connect(contractAddress(context.deployment, "Bonds"), context.provider);
    const allowance = { token: await bonds.token(), spender: to, amount, key: `${name}/approve` };
    await ensureAllowance(context.provider, context.transactions, allowance, signal);
    const path = layout.prove(segment.index).map((hash) => hexlify(hash));
    const filing = { epoch, seat, batch: batch.id, ...shapeOf(segment), path };
    const data = reader.contract.interface.encodeFunctionData("file", [filing]);
    return await attemptCall(context, { key: name, to, data }, signal);
  }
}

function shapeOf({ index, start, commitment, shape: { k, n, rowSize } }: PlacedSegment) {
  const [logK, logRows, rowUnits] = [Math.log2(k), Math.log2(k + n), rowSize / UNIT_BYTES];
  return { segment: index, start, commitment: hexlify(commitment), logK, logRows, rowUnits };
}

/** Rows of the same segment together, the largest groups first, and always in the same order. */
function bySegment(rows: readonly LocatedRow[]): LocatedRow[][] {
  const groups = new Map<string, LocatedRow[]>();
  for (const row of rows) {
    const name = `${row.batch.id}/${row.segment.index}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups]
    .sort(([a, ofA], [b, ofB]) => ofB.length - ofA.length || (a < b ? -1 : 1))
    .map(([, rows]) => rows);
}
