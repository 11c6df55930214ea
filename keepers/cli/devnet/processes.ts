import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FatalError } from "../../runtime/errors.ts";

/** A background process of a devnet, as its state file records it. */
export interface ProcessRecord {
  readonly name: string;
  readonly role: string;
  readonly pid: number;
  /** Start time in clock ticks since boot, so that a reused pid is never taken for ours; 0 where the system has none. */
  readonly startedAt: number;
  readonly url: string;
  readonly log: string;
  readonly command: readonly string[];
}

export interface LaunchOptions {
  readonly name: string;
  readonly role: string;
  readonly url: string;
  readonly log: string;
  readonly command: readonly string[];
}

/** Field 22 of /proc/<pid>/stat; 0 where there is no /proc. */
function startTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return 0;
  }
}

/** Starts a process that outlives this one; its output goes to its log. */
export function launch(options: LaunchOptions): ProcessRecord {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = openSync(options.log, "a");
  const [program, ...args] = options.command;
  const child = spawn(program as string, args, { detached: true, stdio: ["ignore", log, log] });
  child.on("error", () => {});
  child.unref();
  closeSync(log);
  if (child.pid === undefined) {
    throw new FatalError("devnet/launch-failed", `could not start ${options.name}: ${program}`, {
      ...options,
    });
  }
  return { ...options, pid: child.pid, startedAt: startTime(child.pid) };
}

/** Whether the recorded process, and not another with its pid, is running. */
export function isRunning(record: ProcessRecord): boolean {
  try {
    process.kill(record.pid, 0);
  } catch {
    return false;
  }
  const stat = readState(record.pid);
  return stat !== "Z" && (record.startedAt === 0 || startTime(record.pid) === record.startedAt);
}

function readState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[0];
  } catch {
    return undefined;
  }
}

/** SIGKILL, and waits until the process is gone. */
export async function kill(record: ProcessRecord): Promise<void> {
  if (!isRunning(record)) return;
  process.kill(record.pid, "SIGKILL");
  await gone(record, 5_000);
}

/** SIGTERM, then SIGKILL for whoever is still there after the grace period. */
export async function stop(records: readonly ProcessRecord[], graceMs: number): Promise<void> {
  for (const record of records) if (isRunning(record)) process.kill(record.pid, "SIGTERM");
  await Promise.all(records.map(async (record) => (await gone(record, graceMs)) || (await kill(record))));
}

async function gone(record: ProcessRecord, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isRunning(record)) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

/** The last lines of a log, for an error message. */
export function tail(log: string, lines: number): string {
  try {
    return readFileSync(log, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}
