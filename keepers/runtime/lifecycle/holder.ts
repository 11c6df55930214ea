import { readFile } from "node:fs/promises";

/** A process, told apart from a later one that got the same pid. */
export interface Holder {
  readonly pid: number;
  /** Boot id and start tick where the system tells them, else empty. */
  readonly started: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/** This process, under a token. */
export async function thisProcess(token: string): Promise<Holder> {
  return { pid: process.pid, started: (await startOf(process.pid)) ?? "", token };
}

/** Undefined when the text names no process. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const { pid, started, token } = parsed as Record<string, unknown>;
    const valid = Number.isSafeInteger(pid) && (pid as number) > 0;
    if (!valid || typeof started !== "string" || typeof token !== "string") return undefined;
    return { pid: pid as number, started, token };
  } catch {
    return undefined;
  }
}

export async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = await startOf(holder.pid);
  return started === undefined || holder.started === "" || started === holder.started;
}

/** Boot and start tick of a process, on Linux; undefined where /proc does not say. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    // Field 22, counted after the name, which may itself hold spaces and brackets.
    const tick = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return tick === undefined ? undefined : `${boot.trim()}/${tick}`;
  } catch {
    return undefined;
  }
}
