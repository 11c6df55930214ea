import type { Logger } from "pino";
import { RetryableError } from "../errors.ts";
import type { Closers } from "./closers.ts";
import { EXIT, exitCodeOf } from "./exit.ts";

/** The reason of the abort when the process is told to stop. */
export class StopError extends RetryableError {
  constructor(name: NodeJS.Signals) {
    super("lifecycle/stopping", `told to stop by ${name}`, { signal: name });
  }
}

export interface SignalsOptions {
  readonly logger?: Logger | undefined;
  /** Time to drain after the first signal, milliseconds; then the process ends as if a second had come. */
  readonly graceMs?: number;
  /** Ends the process; `process.exit` when absent. */
  readonly exit?: (code: number) => void;
}

export interface Signals {
  /** Aborts with a `StopError` at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Aborts without a signal of the system, unless it is aborted already. */
  abort(reason: unknown): void;
  /** Stops listening. */
  dispose(): void;
}

const GRACE_MS = 15_000;
const FORCED = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

/** First SIGINT or SIGTERM aborts; a second one, or the end of the grace period, forces the exit with 130 or 143. */
export function installSignals(options: SignalsOptions = {}): Signals {
  const { logger, graceMs = GRACE_MS, exit = (code: number) => process.exit(code) } = options;
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onSignal = (name: keyof typeof FORCED): void => {
    if (controller.signal.aborted) {
      logger?.warn({ signal: name }, "told twice: stopping at once");
      exit(FORCED[name]);
      return;
    }
    logger?.info({ signal: name, graceMs }, "stopping; a second signal forces");
    timer = setTimeout(() => {
      logger?.error({ graceMs }, "still busy after the grace period: stopping at once");
      exit(FORCED[name]);
    }, graceMs);
    timer.unref();
    controller.abort(new StopError(name));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // Comes with a write beyond the process's largest file, and would end it; the write tells its caller.
  process.on("SIGXFSZ", ignore);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose() {
      clearTimeout(timer);
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
      process.off("SIGXFSZ", ignore);
    },
  };
}

function ignore(): void {}

/**
 * Runs a keeper until it ends or the process is told to stop, then closes everything, and resolves with the exit code:
 * 0 after a clean end, 75 when starting again may help, 1 else. The caller exits with it.
 */
export async function runUntilSignal(
  run: (signal: AbortSignal) => Promise<void>,
  closers: Closers,
  options: SignalsOptions = {},
): Promise<number> {
  const signals = installSignals(options);
  let code: number = EXIT.ok;
  const fail = (err: unknown, message: string): void => {
    options.logger?.error({ err }, message);
    code = code === EXIT.ok ? exitCodeOf(err) : code;
  };
  try {
    await run(signals.signal);
  } catch (err) {
    if (!isStop(err, signals.signal)) fail(err, "failed");
    // What still runs in the background must end before what it stands on is closed.
    signals.abort(err);
  }
  try {
    await closers.closeAll();
  } catch (err) {
    fail(err, "could not close everything");
  } finally {
    signals.dispose();
  }
  return code;
}

/** Work that ends because it was told to has not failed. */
function isStop(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}
