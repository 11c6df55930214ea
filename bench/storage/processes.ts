import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const procStat = { afterName: ") ", userTicks: 11, systemTicks: 12 };

/** Time that a process has had on all processors so far, in user and system mode, milliseconds (Linux). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name may hold anything, a bracket too; what follows the last one is numbers.
  const fields = stat.slice(stat.lastIndexOf(procStat.afterName) + procStat.afterName.length).split(" ");
  const ticks = Number(fields[procStat.userTicks]) + Number(fields[procStat.systemTicks]);
  return (1000 * ticks) / ticksPerSecond();
}

/** Largest resident size that a process has had, bytes (Linux). */
export function peakBytes(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? 0) * 1024;
}

function ticksPerSecond(): number {
  return Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
}
