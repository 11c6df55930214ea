import type { AuditView, Moment } from "./auditReader.ts";

/** What anyone may do to move an audit on. */
export type Crank = "open" | "seed" | "draw" | "challenge" | "close" | "void";

/** Something that a node should do now for an audit. */
export type Duty =
  | { readonly kind: "crank"; readonly crank: Crank }
  | { readonly kind: "commit" }
  | { readonly kind: "answer" }
  /** `scope`: the seats of the own committee, of all, or the own seat. */
  | { readonly kind: "settle"; readonly scope: "committee" | "everywhere" | "seat" };

const PENDING: readonly AuditView["stage"][] = ["seeding", "committing", "drawing"];

/** Whether nothing more will come of an audit. */
export function isOver({ epoch, stage }: AuditView, moment: Moment): boolean {
  return stage === "closed" || stage === "void" || (stage === "none" && epoch < moment.epoch);
}

/** What an audit asks of a node now, after contracts/storage/audits/AuditStages.sol. */
export function dutiesOf(view: AuditView, moment: Moment): Duty[] {
  const isCurrent = view.epoch === moment.epoch;
  if (!isCurrent && PENDING.includes(view.stage)) return crank("void");
  switch (view.stage) {
    case "none":
      return mayOpen(view, moment) ? crank("open") : [];
    case "seeding":
      return afterDraw(view, "seed");
    case "committing":
      return committing(view, moment);
    case "drawing":
      return afterDraw(view, "challenge");
    case "answering":
      return answering(view, moment);
    default:
      return [];
  }
}

/** Later than half of the epoch, an audit might not come to its second seed in time. And there must be something to prove. */
function mayOpen({ epoch, units }: AuditView, { time, epoch: current, epochLength }: Moment): boolean {
  return epoch === current && units > 0n && 2n * (time % epochLength) < epochLength;
}

function afterDraw({ draw }: AuditView, next: Crank): Duty[] {
  if (draw === "ready") return crank(next);
  return draw === "lost" ? crank("void") : [];
}

function committing({ deadline, standing, liable, units }: AuditView, { time }: Moment): Duty[] {
  if (time > deadline) return crank("draw");
  return standing === "none" && liable !== 0n && units > 0n ? [{ kind: "commit" }] : [];
}

function answering({ deadline, settleUntil, standing }: AuditView, { time }: Moment): Duty[] {
  if (time <= deadline) return standing === "committed" ? [{ kind: "answer" }] : [];
  // Nobody settles the misses of a committee all of whose members are gone: others do, once its own had their time.
  const half = deadline + (settleUntil - deadline) / 2n;
  if (time <= half) return [{ kind: "settle", scope: "committee" }];
  if (time <= settleUntil) return [{ kind: "settle", scope: "everywhere" }];
  // What was proven is paid at any time before the end.
  return standing === "answered" ? [{ kind: "settle", scope: "seat" }] : crank("close");
}

function crank(name: Crank): Duty[] {
  return [{ kind: "crank", crank: name }];
}
