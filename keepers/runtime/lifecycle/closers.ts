import type { Logger } from "pino";
import { FatalError } from "../errors.ts";

/** What must be closed when the process ends; closed last-opened first. */
export interface Closers {
  /** @throws FatalError lifecycle/closed after `closeAll` has ended. */
  add(name: string, close: () => Promise<void> | void): void;
  /** Runs every closer, whatever the others do. @throws FatalError lifecycle/close-failed naming those that failed. */
  closeAll(): Promise<void>;
}

export interface ClosersOptions {
  /** Longest wait for one closer, milliseconds. */
  readonly timeoutMs?: number;
}

interface Closer {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

const TIMEOUT_MS = 5_000;

export function createClosers(logger?: Logger, options: ClosersOptions = {}): Closers {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const open: Closer[] = [];
  let closing: Promise<void> | undefined;
  let closed = false;

  async function drain(): Promise<void> {
    const failed: string[] = [];
    // What a closer opens while it closes is closed too.
    for (let closer = open.pop(); closer !== undefined; closer = open.pop()) {
      try {
        await withLimit(closer, timeoutMs);
        logger?.debug({ resource: closer.name }, "closed");
      } catch (err) {
        failed.push(closer.name);
        logger?.error({ err, resource: closer.name }, "could not close");
      }
    }
    closed = true;
    if (failed.length > 0) {
      throw new FatalError("lifecycle/close-failed", `could not close ${failed.join(", ")}`, { failed });
    }
  }

  return {
    add(name, close) {
      if (closed)
        throw new FatalError("lifecycle/closed", `"${name}" was opened after everything was closed`);
      open.push({ name, close });
    },
    closeAll() {
      closing ??= drain();
      return closing;
    },
  };
}

async function withLimit(closer: Closer, timeoutMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      reject(
        new FatalError("lifecycle/close-timeout", `"${closer.name}" did not close within ${timeoutMs} ms`),
      ),
    timeoutMs,
  );
  try {
    // The call itself may throw too.
    await Promise.race([(async () => closer.close())(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
