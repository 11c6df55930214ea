import type { Logger } from "pino";
import { Alarm } from "../../runtime/duties/alarm.ts";
import { pause } from "../../runtime/pause.ts";
import { type ReplayNeeds, replayStream, type Stall } from "./replay.ts";

/** A stall, as it is told. */
export interface KnownStall extends Stall {
  /** Time of the first look that found nothing, milliseconds since 1970. */
  readonly since: number;
  readonly looks: number;
}

export interface ReplayDutyOptions {
  /** Streams replayed at once. */
  readonly streamsAtOnce: number;
  /** Longest pause between two looks for what is missed, milliseconds. */
  readonly maxPauseMs: number;
}

interface Waiting {
  readonly stall: KnownStall;
  readonly until: number;
}

const FIRST_PAUSE_MS = 500;

/**
 * Replays every stream that has batches left. A stream whose bytes are missing is looked after again, ever more rarely, with half
 * of the places at most: the others go on meanwhile.
 */
export class ReplayDuty {
  readonly #needs: ReplayNeeds;
  readonly #options: ReplayDutyOptions;
  readonly #logger: Logger;
  readonly #alarm = new Alarm();
  readonly #active = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Waiting>();
  #retries = 0;

  constructor(needs: ReplayNeeds, options: ReplayDutyOptions, logger: Logger) {
    this.#needs = needs;
    this.#options = options;
    this.#logger = logger;
  }

  /** Streams that stand still, by their ids in hex. */
  get stalls(): ReadonlyMap<string, KnownStall> {
    return new Map([...this.#waiting].map(([name, { stall }]) => [name, stall]));
  }

  /** There is something new; a stream that stands still is looked after at once when it is named. */
  wake(stream?: Buffer): void {
    const name = stream?.toString("hex");
    const waiting = name === undefined ? undefined : this.#waiting.get(name);
    if (waiting !== undefined) this.#waiting.set(name!, { ...waiting, until: 0 });
    this.#alarm.ring();
  }

  /** Goes on until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#begin(signal).catch((error: unknown) => this.#tell(error, signal));
      await this.#alarm.wait(this.#pauseMs(), signal);
    }
    await Promise.all(this.#active.values());
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { streamsAtOnce } = this.#options;
    for await (const id of this.#needs.book.pending()) {
      if (this.#active.size >= streamsAtOnce) return;
      const name = id.toString("hex");
      if (this.#active.has(name)) continue;
      const waiting = this.#waiting.get(name);
      const isRetry = waiting !== undefined;
      if (isRetry && (waiting.until > Date.now() || this.#retries >= streamsAtOnce / 2)) continue;
      if (isRetry) this.#retries++;
      const going = this.#replay(id, name, signal).finally(() => {
        if (isRetry) this.#retries--;
        this.#active.delete(name);
        this.#alarm.ring();
      });
      this.#active.set(name, going);
    }
  }

  async #replay(id: Buffer, name: string, signal: AbortSignal): Promise<void> {
    try {
      const stall = await replayStream(this.#needs, id, signal);
      if (stall === undefined) this.#waiting.delete(name);
      else this.#wait(name, stall);
    } catch (error) {
      this.#tell(error, signal);
      // Whatever it was, it may be over by then.
      await pause(2 * FIRST_PAUSE_MS, signal).catch(() => undefined);
    }
  }

  #wait(name: string, stall: Stall): void {
    const before = this.#waiting.get(name)?.stall;
    const isSame = before?.version === stall.version && before.objectRoot.equals(stall.objectRoot);
    const since = isSame ? before.since : Date.now();
    const looks = isSame ? before.looks + 1 : 1;
    const pauseMs = Math.min(this.#options.maxPauseMs, FIRST_PAUSE_MS * 2 ** Math.min(looks, 20));
    this.#waiting.set(name, { stall: { ...stall, since, looks }, until: Date.now() + pauseMs });
    if (!isSame)
      this.#logger.warn(
        { stream: name, version: stall.version, code: stall.code },
        "a stream stands still: the bytes of its next batch are missing",
      );
  }

  /** Until the next stream is to be looked after again. */
  #pauseMs(): number {
    const { maxPauseMs } = this.#options;
    let pauseMs = maxPauseMs;
    for (const { until } of this.#waiting.values()) pauseMs = Math.min(pauseMs, until - Date.now());
    return Math.max(FIRST_PAUSE_MS / 10, pauseMs);
  }

  #tell(error: unknown, signal: AbortSignal): void {
    if (!signal.aborted) this.#logger.warn({ err: error }, "a stream was not replayed, will try again");
  }
}
