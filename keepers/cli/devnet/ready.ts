import { setTimeout as sleep } from "node:timers/promises";
import { RetryableError } from "../../runtime/errors.ts";
import { isRunning, type ProcessRecord, tail } from "./processes.ts";

/** Whether a local URL of ours answers with success now. */
async function answers(url: string, init: RequestInit, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Waits until a process serves; a process that has died, or is late, is an error that shows the end of its log. */
async function waitUntil(
  record: ProcessRecord,
  probe: () => Promise<boolean>,
  limitMs: number,
  signal: AbortSignal,
) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    if (await probe()) return;
    signal.throwIfAborted();
    const died = !isRunning(record);
    if (died || Date.now() > deadline) {
      const what = died ? "has ended" : `is not ready after ${limitMs / 1000} s`;
      const message = `${record.name} ${what}; the end of ${record.log}: ${tail(record.log, 3)}`;
      throw new RetryableError("devnet/not-ready", message, { name: record.name, log: record.log });
    }
    await sleep(50);
  }
}

/** Waits for a keeper's /ready. */
export async function waitForKeeper(
  record: ProcessRecord,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(record, () => answers(`${record.url}/ready`, {}, signal), limitMs, signal);
}

/** Waits for a chain's JSON-RPC. */
export async function waitForChain(
  record: ProcessRecord,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body };
  await waitUntil(record, () => answers(record.url, init, signal), limitMs, signal);
}
