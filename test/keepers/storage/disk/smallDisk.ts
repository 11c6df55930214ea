import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const MIB = 1024 * 1024;

/** A file system of a few MiB, which fills up in earnest: a tmpfs, mounted for all or in a namespace of its own. */
export class SmallDisk {
  readonly directory: string;
  /** What a process has to be started with to see the disk. */
  readonly under: readonly string[];
  readonly #holder: ChildProcess | undefined;

  private constructor(directory: string, holder?: ChildProcess) {
    this.directory = directory;
    this.#holder = holder;
    this.under =
      holder === undefined
        ? []
        : ["nsenter", "-t", `${holder.pid}`, "-U", "-m", "--preserve-credentials", "-w"];
  }

  /** Undefined where nothing may be mounted, not even in a namespace. */
  static async mount(directory: string, mebibytes: number): Promise<SmallDisk | undefined> {
    await mkdir(directory, { recursive: true });
    const words = ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0777`, "tmpfs", directory];
    try {
      await run("mount", words);
      return new SmallDisk(directory);
    } catch {
      return await SmallDisk.#mountInNamespace(directory, words);
    }
  }

  /** The namespace lives as long as a process that holds it. */
  static async #mountInNamespace(
    directory: string,
    words: readonly string[],
  ): Promise<SmallDisk | undefined> {
    const script = 'mount "$@" && echo mounted && exec sleep infinity';
    const holder = spawn("unshare", ["-rm", "sh", "-c", script, "sh", ...words], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const said = once(holder.stdout, "data").then(() => true);
    const ended = Promise.race([once(holder, "exit"), once(holder, "error")]).then(() => false);
    return (await Promise.race([said, ended])) ? new SmallDisk(directory, holder) : undefined;
  }

  /** Where this process finds the files of the disk. */
  get seen(): string {
    return this.#holder === undefined ? this.directory : `/proc/${this.#holder.pid}/root${this.directory}`;
  }

  /** Fills the disk until it takes nothing more, but for `left` bytes. */
  async fill(left = 0): Promise<void> {
    const path = join(this.seen, "ballast");
    const ballast = await open(path, "a");
    for (let piece = MIB; piece >= 1; ) {
      try {
        await ballast.write(Buffer.alloc(piece, 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        piece = Math.floor(piece / 2);
      }
    }
    const { size } = await ballast.stat();
    await ballast.truncate(size - left);
    await ballast.close();
  }

  /** Takes away what `fill` has left there. */
  async free(): Promise<void> {
    await rm(join(this.seen, "ballast"), { force: true });
  }

  async grow(mebibytes: number): Promise<void> {
    const [command = "mount", ...words] = [...this.under, "mount"];
    await run(command, [...words, "-o", `remount,size=${mebibytes}m`, this.directory]);
  }

  async unmount(): Promise<void> {
    if (this.#holder === undefined) await run("umount", [this.directory]);
    else this.#holder.kill("SIGKILL");
  }
}
