import { once } from "node:events";
import { installSignals } from "../../runtime/lifecycle/signals.ts";
import { bringDown } from "../devnet/down.ts";
import { bringUp, restartDead } from "../devnet/up.ts";
import type { Output } from "../terminal/output.ts";
import { runJob } from "./job.ts";
import { showResult } from "./show.ts";

export interface StartRequest {
  readonly dataDir: string;
  readonly output: Output;
}

const hints = `
The network keeps running. In another terminal, try:
  ./mycelia status
  ./mycelia storage put README.md
  ./mycelia kv --help
  ./mycelia compute services
  ./mycelia compute infer --help
Ctrl-C stops everything; the next start resumes.`;

/** Brings everything up, runs the job, and stays until it is told to stop. */
export async function start({ dataDir, output }: StartRequest): Promise<void> {
  const signals = installSignals({ graceMs: 30_000 });
  const { signal } = signals;
  try {
    await bringUp({ dataDir, output, signal });
    const result = await runJob({ dataDir, output, signal });
    await restartDead(dataDir, signal);
    output.result(result, () => {
      showResult(result, output);
      output.line(hints);
    });
    // Keeps the process alive until the signal; the keepers live in processes of their own.
    const alive = setInterval(() => {}, 60_000);
    if (!signal.aborted) await once(signal, "abort");
    clearInterval(alive);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    output.note("stopping the keepers and the chain");
    await bringDown(dataDir, false);
    signals.dispose();
  }
}
