import type { KeeperContext } from "../../runtime/context.ts";
import { attemptCall, type Call } from "../chain/attemptCall.ts";
import type { AuditReader } from "./auditReader.ts";
import type { LocatedRow, SampleSources } from "./locate.ts";
import type { AuditMetrics } from "./metrics.ts";
import type { AuditWork, Workbook } from "./workbook.ts";

/** The way out for rows that nobody can bring back: cases (IRecoverability). */
export interface AuditCases {
  /** Files cases about segments that can't be rebuilt; before the seat commits. */
  file(epoch: bigint, seat: number, lost: readonly LocatedRow[]): Promise<void>;
  /** The seat's case that makes a sample void. */
  voiding(
    work: Pick<AuditWork, "epoch" | "committee" | "seat">,
    location: LocatedRow,
  ): Promise<bigint | undefined>;
}

/** What the audit duty stands on. */
export interface AuditParts {
  readonly context: Pick<KeeperContext, "provider" | "deployment" | "transactions" | "logger">;
  readonly reader: AuditReader;
  readonly sources: SampleSources;
  readonly workbook: Workbook;
  readonly metrics: AuditMetrics;
  /** What to do about rows that are gone for good; absent where no case can be filed. */
  readonly cases?: AuditCases;
  /** Ends the duty. */
  readonly signal: AbortSignal;
}

/** As `attemptCall`, under a key of audits. */
export async function sendCall(
  { context, signal }: Pick<AuditParts, "context" | "signal">,
  { key, ...call }: Call,
): Promise<boolean> {
  return await attemptCall(context, { key: `storage/audits/${key}`, ...call }, signal);
}
