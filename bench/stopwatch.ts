/** Something to time. `prepare` runs before each go, outside the clock. */
export interface Contender {
  readonly name: string;
  readonly prepare?: () => void;
  readonly go: () => unknown;
}

/**
 * The shortest time of each contender in seconds. Contenders take turns, so that a busy spell of the machine meets all
 * of them; the first turns warm the compiler up and don't count.
 */
export async function shortestTimes(
  contenders: readonly Contender[],
  turns: { readonly warm: number; readonly timed: number },
  progress: (step: string) => void,
): Promise<Map<string, number>> {
  const shortest = new Map<string, number>();
  for (let turn = -turns.warm; turn < turns.timed; turn++)
    for (const { name, prepare, go } of contenders) {
      progress(turn < 0 ? `warming up: ${name}` : `${name}, turn ${turn + 1} of ${turns.timed}`);
      prepare?.();
      const start = process.hrtime.bigint();
      await go();
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      if (turn >= 0) shortest.set(name, Math.min(seconds, shortest.get(name) ?? Infinity));
    }
  return shortest;
}
