// A real keeper process for lifecycle.test.ts: says "up" once it runs, and what it closes.
// Arguments: how it works (waits | stuck | ends | fails | retries | refuses-to-close), grace period in milliseconds.
import { FatalError, RetryableError } from "../../../../keepers/runtime/errors.ts";
import { createClosers } from "../../../../keepers/runtime/lifecycle/closers.ts";
import { runUntilSignal } from "../../../../keepers/runtime/lifecycle/signals.ts";

const [mode = "waits", graceMs = "10000"] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const closers = createClosers();
closers.add("store", () => void say("closed store"));
closers.add("server", () => void say("closed server"));
if (mode === "refuses-to-close") {
  closers.add("rude", () => {
    throw new FatalError("test/rude", "no");
  });
}

const run = async (signal: AbortSignal): Promise<void> => {
  // A timer keeps the process alive the way a server would.
  const alive = setInterval(() => undefined, 1_000);
  say("up");
  try {
    if (mode === "ends") return;
    if (mode === "fails") throw new FatalError("test/failed", "wrong");
    if (mode === "retries") throw new RetryableError("test/later", "later");
    if (mode === "stuck") await new Promise(() => undefined);
    await new Promise((_done, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
  } finally {
    say("drained");
    clearInterval(alive);
  }
};

process.exit(await runUntilSignal(run, closers, { graceMs: Number(graceMs) }));
