import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FatalError } from "../errors.ts";
import { type Holder, isAlive, parseHolder, thisProcess } from "./holder.ts";

/** A data directory that is this process's alone until released. */
export interface DirectoryLock {
  readonly file: string;
  release(): Promise<void>;
}

interface Lock {
  /** Undefined in a broken file: links appear whole, so it is an old crash's. */
  readonly holder: Holder | undefined;
  /** Of name and content: names this very lock, for tokens never come twice. */
  readonly digest: string;
}

const FILE = "process.lock";
const ATTEMPTS = 200;
const PAUSE_MS = 5;

/**
 * Takes a data directory for this process; a lock left by a process that is gone is taken over.
 * @throws FatalError lifecycle/locked naming the pid that holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, FILE);
  const token = randomBytes(8).toString("hex");
  const draft = `${file}.${token}`;
  await writeFile(draft, JSON.stringify(await thisProcess(token)), { mode: 0o600, flag: "wx" });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await tryLink(draft, file)) return { file, release: () => release(file, token) };
      const holder = await removeIfStale(file, file, draft);
      if (holder !== undefined) throw locked(file, holder);
    }
  } finally {
    await unlink(draft);
  }
  throw new FatalError(
    "lifecycle/locked",
    `${directory} is being taken by several processes at once; start one`,
    { directory },
  );
}

/** A link appears with its whole content or not at all. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes the lock at `path` when its process is gone, else gives back who lives. Only who holds the guard that is named
 * after a stale lock may remove it, and looks again first: so what goes is the lock that was judged, never one that a
 * faster process has taken since. A guard is a lock like any other, and itself taken over when its process is gone.
 */
async function removeIfStale(path: string, file: string, draft: string): Promise<Holder | undefined> {
  const judged = await readLock(path);
  if (judged === undefined) return undefined;
  if (judged.holder !== undefined && (await isAlive(judged.holder))) return judged.holder;
  const guard = `${file}.over-${judged.digest}`;
  if (!(await tryLink(draft, guard))) {
    // Somebody is removing it: let them, then look again.
    if ((await removeIfStale(guard, file, draft)) !== undefined) await delay(PAUSE_MS);
    return undefined;
  }
  try {
    if ((await readLock(path))?.digest === judged.digest) await unlink(path);
  } finally {
    await unlink(guard);
  }
  return undefined;
}

async function release(file: string, token: string): Promise<void> {
  const lock = await readLock(file);
  if (lock?.holder?.token === token) await unlink(file);
}

/** Undefined when there is no lock. */
async function readLock(path: string): Promise<Lock | undefined> {
  try {
    const text = await readFile(path, "utf8");
    const digest = createHash("sha256")
      .update(`${basename(path)}\0${text}`)
      .digest("hex")
      .slice(0, 32);
    return { holder: parseHolder(text), digest };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function locked(file: string, { pid }: Holder): FatalError {
  return new FatalError(
    "lifecycle/locked",
    `process ${pid} uses this data directory already (${file}); stop it or choose another directory`,
    { pid, file },
  );
}
