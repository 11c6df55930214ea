import { type Batches, isLive } from "../chain/batches.ts";
import type { AuditedUnits } from "./samples.ts";

/**
 * What samples of a committee are drawn from: of all its batches, only those that had expired are kept in memory.
 *
 * @param count units of the committee when the epoch began
 * @param epochStart when it began, seconds
 */
export async function auditedUnits(
  batches: Pick<Batches, "all">,
  committee: number,
  count: bigint,
  epochStart: bigint,
): Promise<AuditedUnits> {
  const spans: { readonly first: bigint; readonly end: bigint }[] = [];
  for await (const batch of batches.all(committee)) {
    if (batch.firstUnit >= count) break;
    if (isLive(batch, epochStart)) continue;
    spans.push({ first: batch.firstUnit, end: batch.firstUnit + batch.units });
  }
  return { count, isExpired: (unit) => isWithin(spans, unit) };
}

/** @param spans rising */
function isWithin(spans: readonly { readonly first: bigint; readonly end: bigint }[], unit: bigint): boolean {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.end <= unit) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span !== undefined && span.first <= unit;
}
