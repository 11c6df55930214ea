import type { KeeperContext } from "../../runtime/context.ts";
import type { AuditCases } from "../audits/parts.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { startCaseDuty } from "./caseDuty.ts";
import { CaseReader } from "./caseReader.ts";
import { Filing, type FilingNeeds } from "./filing.ts";
import { createCaseMetrics } from "./metrics.ts";

export interface CaseOptions {
  /** Pause between two looks at the chain, milliseconds. */
  readonly pollMs?: number;
  /** Between the turns of two nodes at the same crank, milliseconds. */
  readonly turnMs?: number;
  /** Cases that this node files in an epoch at most. */
  readonly filings?: number;
}

export interface CasePlace extends Pick<FilingNeeds, "isHopeless"> {
  readonly segments: SegmentStore;
  readonly lists: BatchIndex;
}

const DEFAULTS = { pollMs: 2_000, turnMs: 2_000, filings: 4 } as const;

/** Answers cases for as long as the keeper runs. @returns how the audit duty files them */
export function startCases(context: KeeperContext, place: CasePlace, options: CaseOptions = {}): AuditCases {
  const settings = { ...DEFAULTS, ...options };
  const { segments, lists, isHopeless } = place;
  const reader = new CaseReader(context.provider, context.deployment);
  const metrics = createCaseMetrics(context.metrics);
  startCaseDuty({ context, reader, segments, metrics }, settings);
  const { signal } = context;
  return new Filing({ context, reader, lists, isHopeless, metrics, most: settings.filings, signal });
}
