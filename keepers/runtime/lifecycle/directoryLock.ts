import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FatalError } from "../errors.ts";

/** A data directory that is this process's alone until released. */
export interface DirectoryLock {
  readonly file: string;
  release(): Promise<void>;
}

/** A process, told apart from a later one that got the same pid. */
interface Holder {
  readonly pid: number;
  /** Boot id and start tick where the system tells them, else empty. */
  readonly started: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

const FILE = "process.lock";
const ATTEMPTS = 5;

/**
 * Takes a data directory for this process; a lock left by a process that is gone is taken over.
 * @throws FatalError lifecycle/locked naming the pid that holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, FILE);
  const token = randomBytes(8).toString("hex");
  const mine: Holder = { pid: process.pid, started: (await startOf(process.pid)) ?? "", token };
  const draft = `${file}.${token}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600, flag: "wx" });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await tryLink(draft, file)) return { file, release: () => release(file, token) };
      await removeIfStale(file, token);
    }
  } finally {
    await unlink(draft);
  }
  throw new FatalError(
    "lifecycle/locked",
    `${directory} is being taken by several processes at once; start one`,
    {
      directory,
    },
  );
}

/** A link appears with its whole content or not at all. */
async function tryLink(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function removeIfStale(file: string, token: string): Promise<void> {
  const holder = await readHolder(file);
  if (holder !== undefined && (await isAlive(holder))) {
    throw new FatalError(
      "lifecycle/locked",
      `process ${holder.pid} uses this data directory already (${file}); stop it or choose another directory`,
      { pid: holder.pid, file },
    );
  }
  const aside = `${file}.stale-${token}`;
  try {
    await rename(file, aside);
  } catch (error) {
    // Somebody else was faster: look again.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = await readHolder(aside);
  // Between reading and moving a live process may have taken it: give it back.
  if (moved !== undefined && moved.token !== holder?.token) await tryLink(aside, file);
  await unlink(aside);
}

async function release(file: string, token: string): Promise<void> {
  const holder = await readHolder(file);
  if (holder?.token === token) await unlink(file);
}

/** Undefined when there is no lock or it can't be read: links appear whole, so a broken one is an old crash's. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const { pid, started, token } = parsed as Record<string, unknown>;
    const valid = Number.isSafeInteger(pid) && (pid as number) > 0;
    if (!valid || typeof started !== "string" || typeof token !== "string") return undefined;
    return { pid: pid as number, started, token };
  } catch {
    return undefined;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
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
