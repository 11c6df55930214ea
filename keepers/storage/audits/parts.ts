import type { KeeperContext } from "../../runtime/context.ts";
import { TransactionRevertedError } from "../../runtime/transactions/errors.ts";
import type { AuditReader } from "./auditReader.ts";
import type { SampleSources } from "./locate.ts";
import type { AuditMetrics } from "./metrics.ts";
import type { Workbook } from "./workbook.ts";

/** What the audit duty stands on. */
export interface AuditParts {
  readonly context: Pick<KeeperContext, "provider" | "deployment" | "transactions" | "logger">;
  readonly reader: AuditReader;
  readonly sources: SampleSources;
  readonly workbook: Workbook;
  readonly metrics: AuditMetrics;
  /** Ends the duty. */
  readonly signal: AbortSignal;
}

export interface AuditCall {
  /** Made of chain facts; what differs in content differs in key. */
  readonly key: string;
  readonly to: string;
  readonly data: string;
}

/** Sends a call; false when the chain refuses it, because somebody else was first or it is too late: the next look tells. */
export async function sendCall(
  { context, signal }: Pick<AuditParts, "context" | "signal">,
  { key, to, data }: AuditCall,
): Promise<boolean> {
  try {
    await context.transactions.send({ key: `storage/audits/${key}`, to, data }, signal);
    return true;
  } catch (error) {
    if (!(error instanceof TransactionRevertedError)) throw error;
    context.logger.info({ key, reason: error.revert.text }, "the chain has no use for a call of an audit");
    return false;
  }
}
