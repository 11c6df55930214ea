import type { RunningContext } from "../createContext.ts";
import { FatalError } from "../errors.ts";

/**
 * Opens the server of a keeper whose roles have started, and waits until the keeper is told to stop; then nobody new is
 * answered, and who is being answered is answered to the end. Everything else is closed by the context's closers.
 * @throws what a follower ended with, or FatalError http/address-in-use, http/cannot-listen
 */
export async function serveUntilAborted(
  context: Pick<RunningContext, "server" | "signal" | "logger" | "failed" | "publicUrl">,
): Promise<void> {
  const { server, signal, logger, failed, publicUrl } = context;
  if (signal.aborted) return;
  const url = await server.serve().catch(explain);
  logger.info({ url, publicUrl }, "serving");
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  try {
    await Promise.race([stopped, failed]);
  } finally {
    await server.close();
  }
}

function explain(cause: unknown): never {
  const { code, port, address } = cause as { code?: string; port?: number; address?: string };
  if (code === "EADDRINUSE") {
    const message = `port ${port} on ${address} is taken by another program; choose another (http.port)`;
    throw new FatalError("http/address-in-use", message, { port, address }, cause);
  }
  throw new FatalError("http/cannot-listen", `the server can't listen: ${String(cause)}`, {}, cause);
}
