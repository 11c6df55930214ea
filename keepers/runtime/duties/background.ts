import type { KeeperContext } from "../context.ts";

/**
 * Lets work go on behind a keeper that serves already. When the work ends before the keeper does, the keeper is no longer
 * ready and says why. Closing waits for the work.
 */
export function runInBackground(
  context: Pick<KeeperContext, "logger" | "closers" | "server" | "signal">,
  name: string,
  work: Promise<void>,
): void {
  let trouble: string | undefined;
  const watched = work.then(
    () => {
      if (!context.signal.aborted) trouble = `${name} has stopped`;
    },
    (error: unknown) => {
      if (context.signal.aborted) return;
      trouble = `${name} has failed: ${error instanceof Error ? error.message : String(error)}`;
      context.logger.error({ err: error }, trouble);
    },
  );
  context.server.probes.addReadiness(name, async () => trouble ?? true);
  context.closers.add(name, () => watched);
}

/** Resolves when the signal aborts. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The same context with every transaction waited for only until the keeper is told to stop; it stays in flight then. */
export function stoppable(context: KeeperContext): KeeperContext {
  const { transactions, signal } = context;
  return {
    ...context,
    transactions: {
      address: transactions.address,
      send: (job, until = signal) => transactions.send(job, until),
      knows: (key) => transactions.knows(key),
      close: () => transactions.close(),
    },
  };
}
