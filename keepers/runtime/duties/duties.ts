import type { Logger } from "pino";
import { MyceliaError } from "../errors.ts";
import type { Alarm } from "./alarm.ts";

export interface DutyLoop {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly alarm: Alarm;
  /** Longest pause between two rounds, milliseconds. */
  readonly pollMs: number;
}

const AT_ONCE = 8;

/**
 * Goes round what is there to do until the signal aborts. Whatever a round throws is logged, and the next round looks at
 * the chain afresh: that is how a keeper comes back from anything.
 */
export async function runDuties<T>(
  loop: DutyLoop,
  list: () => Promise<readonly T[]>,
  perform: (item: T) => Promise<void>,
): Promise<void> {
  while (!loop.signal.aborted) {
    await attempt(loop, async () => {
      const items = [...(await list())];
      const work = async (): Promise<void> => {
        for (let item = items.shift(); item !== undefined && !loop.signal.aborted; item = items.shift()) {
          const current = item;
          await attempt(loop, () => perform(current));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    });
    await loop.alarm.wait(loop.pollMs, loop.signal);
  }
}

async function attempt(loop: DutyLoop, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (loop.signal.aborted) return;
    const known = error instanceof MyceliaError;
    loop.logger[known && error.retry ? "debug" : "warn"]({ err: error }, "duty not done, will look again");
  }
}
