import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FatalError } from "../../runtime/errors.ts";
import { installSignals } from "../../runtime/lifecycle/signals.ts";
import { bringDown } from "../devnet/down.ts";
import { bringUp } from "../devnet/up.ts";
import type { Output } from "../terminal/output.ts";
import { runJob } from "./job.ts";
import { showResult } from "./show.ts";

export interface DemoRequest {
  readonly output: Output;
  /** Leaves the network running and its data in place. */
  readonly keep: boolean;
  /** Chain to use instead of starting one. */
  readonly rpcUrl?: string | undefined;
}

/** Runs the job in a network of its own and removes it again, whatever happens. */
export async function runDemo({ output, keep, rpcUrl }: DemoRequest): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "mycelia-demo-"));
  const signals = installSignals();
  const started = performance.now();
  let ok = false;
  try {
    await bringUp({ dataDir, output, signal: signals.signal, ...(rpcUrl === undefined ? {} : { rpcUrl }) });
    const up = Math.round(performance.now() - started) / 1_000;
    const job = await runJob({ dataDir, output, signal: signals.signal });
    const result = { ...job, seconds: { up, ...job.seconds } };
    output.result(result, () => showResult(result, output));
    ok = result.ok;
  } finally {
    if (!keep) {
      await bringDown(dataDir, true);
      if (ok) rmSync(dataDir, { recursive: true, force: true });
    }
    signals.dispose();
    if (keep || !ok) output.note(`data and logs of this run: ${dataDir}`);
  }
  if (!ok) throw new FatalError("demo/failed", "the job ended, but not as it should: see the result above");
}
