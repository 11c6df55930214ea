import { concatBytes } from "../platform/bytes.ts";
import type { Engine, EngineEntry, EngineRange } from "./engine.ts";

/** Entries read at a time, so that nothing of the engine outlives a pause of its reader. */
const PAGE = 256;

/** All entries of a range, in its order. @param range limit: most entries; all when absent */
export async function* entriesOf(
  engine: Pick<Engine, "page">,
  {
    low,
    high,
    reverse = false,
    limit = Number.POSITIVE_INFINITY,
  }: Partial<EngineRange> & Pick<EngineRange, "low" | "high">,
): AsyncGenerator<EngineEntry> {
  let [from, to, left] = [low, high, limit];
  while (left > 0) {
    const most = Math.min(left, PAGE);
    const page = await engine.page({ low: from, high: to, reverse, limit: most });
    for (const entry of page) yield entry;
    const last = page.at(-1)?.[0];
    if (last === undefined || page.length < most) return;
    left -= page.length;
    if (reverse) to = last;
    else from = concatBytes([last, Uint8Array.of(0)]);
  }
}
