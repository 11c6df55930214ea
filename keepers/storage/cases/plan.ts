import { type CaseView, isOpen } from "./caseReader.ts";

/** What a case asks of a node now. */
export type CaseStep =
  | { readonly kind: "ask" | "drop" | "resolve" }
  /** Rows of its own, by their numbers in the case. */
  | { readonly kind: "show"; readonly numbers: readonly number[] };

const ALL_SHOWN = 0xffff_ffff;

/**
 * After contracts/storage/Recoverability.sol: anyone asks, drops and resolves; each owner shows its rows.
 * @param epoch that runs
 * @param time of the next block, seconds
 */
export function stepsOf(
  view: CaseView,
  seat: number,
  { time, epoch }: { readonly time: bigint; readonly epoch: bigint },
  draw: "none" | "waiting" | "ready" | "lost",
): CaseStep[] {
  if (!isOpen(view)) return [];
  if (view.verdict === "pending") {
    if (draw === "lost" || epoch > view.epoch + 1n) return [{ kind: "drop" }];
    return draw === "ready" ? [{ kind: "ask" }] : [];
  }
  if (time > view.deadline || view.shown >>> 0 === ALL_SHOWN) return [{ kind: "resolve" }];
  const numbers = [...view.seats.keys()].filter((i) => view.seats[i] === seat && !isShown(view, i));
  return numbers.length === 0 ? [] : [{ kind: "show", numbers }];
}

function isShown({ shown }: CaseView, number: number): boolean {
  return ((shown >>> number) & 1) === 1;
}
