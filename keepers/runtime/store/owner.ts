import { readFileSync } from "node:fs";
import type { Database } from "lmdb";
import { FatalError } from "../errors.ts";

/** The process that has a store open. */
interface Owner {
  readonly pid: number;
  /** Tells a process from a later one with the same number; empty where the system does not say. */
  readonly birth: string;
}

const OWNER = "owner";

/**
 * Writes this process down as the only user of a store. LMDB itself would let several processes in, but the engines that
 * stand on it (queue, leases, transaction journal) count on being alone. A claim of a process that is gone is void.
 * @throws FatalError "store/in-use" when a living process holds the claim.
 */
export function claimDirectory(owners: Database<string, string>, directory: string): void {
  const holder = owners.transactionSync(() => {
    const written = owners.get(OWNER);
    if (written !== undefined && isAlive(JSON.parse(written) as Owner)) return JSON.parse(written) as Owner;
    owners.putSync(OWNER, JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) } satisfies Owner));
    return undefined;
  });
  if (holder === undefined) return;
  throw new FatalError(
    "store/in-use",
    `The store ${directory} is open in process ${holder.pid}; stop that process, or use another data directory.`,
    { directory, pid: holder.pid },
  );
}

/** Gives the claim back, so that the next process need not find out that this one is gone. */
export function releaseDirectory(owners: Database<string, string>): void {
  owners.removeSync(OWNER);
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return owner.birth === birthOf(owner.pid);
}

/** Boot and start tick of a process, where /proc tells them. */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name stands in parentheses and may hold spaces; the start time is the 20th field after it.
    return `${boot}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "";
  }
}
