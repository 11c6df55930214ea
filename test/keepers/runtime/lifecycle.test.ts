import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { FatalError, RetryableError } from "../../../keepers/runtime/errors.ts";
import { createClosers } from "../../../keepers/runtime/lifecycle/closers.ts";
import { lockDirectory } from "../../../keepers/runtime/lifecycle/directoryLock.ts";
import { exitCodeOf } from "../../../keepers/runtime/lifecycle/exit.ts";
import { installSignals } from "../../../keepers/runtime/lifecycle/signals.ts";

use(chaiAsPromised);

interface Child {
  readonly process: ChildProcess;
  /** Resolves once the process has written this line. */
  says(line: string): Promise<void>;
  readonly ended: Promise<{ code: number | null; lines: string[] }>;
}

const children: ChildProcess[] = [];

function start(file: string, ...args: string[]): Child {
  const path = fileURLToPath(new URL(`./processes/${file}`, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    child.emit("progress");
  });
  return {
    process: child,
    async says(line) {
      while (!text.split("\n").includes(line)) await once(child, "progress");
    },
    ended: once(child, "close").then(([code]) => ({
      code: code as number | null,
      lines: text.trim().split("\n"),
    })),
  };
}

describe("lifecycle", () => {
  after(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  describe("closers", () => {
    it("close last-opened first, and everything although some fail", async () => {
      const closers = createClosers(undefined, { timeoutMs: 20 });
      const order: string[] = [];
      closers.add("a", async () => void order.push("a"));
      closers.add("throws", () => {
        throw new Error("no");
      });
      closers.add("rejects", () => Promise.reject(new Error("no")));
      closers.add("hangs", () => new Promise(() => undefined));
      closers.add("b", () => void order.push("b"));
      const error = await expect(closers.closeAll()).rejectedWith(
        FatalError,
        /could not close hangs, rejects, throws/,
      );
      expect(error).property("code", "lifecycle/close-failed");
      expect(order).deep.equal(["b", "a"]);
    });

    it("wait for one before they close the next", async () => {
      const closers = createClosers();
      const order: string[] = [];
      closers.add("first", () => void order.push("first"));
      closers.add("second", async () => {
        await new Promise((done) => setImmediate(done));
        order.push("second");
      });
      await closers.closeAll();
      expect(order).deep.equal(["second", "first"]);
    });

    it("close once, however often they are asked, and what is opened meanwhile too", async () => {
      const closers = createClosers();
      const order: string[] = [];
      closers.add("a", () => {
        order.push("a");
        closers.add("late", () => void order.push("late"));
      });
      await Promise.all([closers.closeAll(), closers.closeAll()]);
      await closers.closeAll();
      expect(order).deep.equal(["a", "late"]);
      expect(() => closers.add("too late", () => undefined)).throw(/after everything was closed/);
    });
  });

  it("exit codes say whether to start again", () => {
    expect(exitCodeOf(new RetryableError("a/b", "later"))).equal(75);
    expect(exitCodeOf(new FatalError("a/b", "never"))).equal(1);
    expect(exitCodeOf(new Error("bug"))).equal(1);
    expect(exitCodeOf("text")).equal(1);
  });

  it("signals are no longer listened to after dispose", () => {
    const before = process.listenerCount("SIGTERM");
    const signals = installSignals();
    expect(process.listenerCount("SIGTERM")).equal(before + 1);
    signals.dispose();
    expect(process.listenerCount("SIGTERM")).equal(before);
    expect(process.listenerCount("SIGINT")).equal(before);
    expect(signals.signal.aborted).equal(false);
  });

  describe("a process", () => {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      it(`drains, closes and ends with 0 at the first ${name}`, async () => {
        const child = start("keeper.ts", "waits");
        await child.says("up");
        child.process.kill(name);
        expect(await child.ended).deep.equal({
          code: 0,
          lines: ["up", "drained", "closed server", "closed store"],
        });
      });
    }

    it("is forced by a second signal, with 130 or 143", async () => {
      for (const [name, code] of [
        ["SIGINT", 130],
        ["SIGTERM", 143],
      ] as const) {
        const child = start("keeper.ts", "stuck");
        await child.says("up");
        // Signals sent at once may be merged into one by the system: send until it has ended.
        const timer = setInterval(() => child.process.kill(name), 20);
        expect(await child.ended).deep.equal({ code, lines: ["up"] });
        clearInterval(timer);
      }
    });

    it("is forced when the grace period ends", async () => {
      const child = start("keeper.ts", "stuck", "50");
      await child.says("up");
      child.process.kill("SIGTERM");
      expect(await child.ended).deep.equal({ code: 143, lines: ["up"] });
    });

    it("closes everything whatever way it ends, and its exit code says how", async () => {
      const closed = ["closed server", "closed store"];
      for (const [mode, code] of [
        ["ends", 0],
        ["fails", 1],
        ["retries", 75],
      ] as const) {
        expect(await start("keeper.ts", mode).ended).deep.equal({
          code,
          lines: ["up", "drained", ...closed],
        });
      }
      const rude = start("keeper.ts", "refuses-to-close");
      await rude.says("up");
      rude.process.kill("SIGTERM");
      expect(await rude.ended).deep.equal({ code: 1, lines: ["up", "drained", ...closed] });
    });
  });

  describe("directory lock", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "lock-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it("is held by one, names its pid to the other, and can be taken again", async () => {
      const lock = await lockDirectory(join(folder, "made/for/it"));
      const error = await expect(lockDirectory(join(folder, "made/for/it"))).rejectedWith(FatalError);
      expect(error).deep.include({ code: "lifecycle/locked" });
      expect(String(error)).include(`process ${process.pid} uses`);
      await lock.release();
      await lock.release();
      await (await lockDirectory(join(folder, "made/for/it"))).release();
      expect(await readdir(join(folder, "made/for/it"))).deep.equal([]);
    });

    it("holds against another process, and falls with it (kill -9)", async () => {
      const holder = start("lockHolder.ts", folder);
      await holder.says("locked");
      await expect(lockDirectory(folder)).rejectedWith(new RegExp(`process ${holder.process.pid} uses`));
      holder.process.kill("SIGKILL");
      await holder.ended;
      await (await lockDirectory(folder)).release();
      expect(await readdir(folder)).deep.equal([]);
    });

    it("knows a stranger that got the old pid from the old holder", async function () {
      if (process.platform !== "linux") return this.skip();
      const lock = await lockDirectory(folder);
      const holder = JSON.parse(await readFile(lock.file, "utf8")) as { started: string };
      await writeFile(lock.file, JSON.stringify({ ...holder, started: "another boot/1" }));
      await (await lockDirectory(folder)).release();
    });

    it("takes over a lock file that holds garbage", async () => {
      for (const text of [
        "",
        "{",
        "null",
        '{"pid":-1,"started":"","token":"x"}',
        '{"pid":"1"}',
        "\0".repeat(100),
      ]) {
        await writeFile(join(folder, "process.lock"), text);
        await (await lockDirectory(folder)).release();
      }
    });

    it("goes to exactly one of many that take over at once", async () => {
      await writeFile(join(folder, "process.lock"), "{}");
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(folder)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).length(1);
      expect(await readdir(folder)).deep.equal(["process.lock"]);
    });

    it("is taken over although a takeover before was cut off by a crash", async () => {
      // Lock and guard are empty, as a power cut leaves files; the guard is named after the lock and its content.
      const digest = createHash("sha256").update("process.lock\0").digest("hex").slice(0, 32);
      await writeFile(join(folder, "process.lock"), "");
      await writeFile(join(folder, `process.lock.over-${digest}`), "");
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(folder)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).length(1);
      expect(await readdir(folder)).deep.equal(["process.lock"]);
    });

    it("is not released by one that lost it", async () => {
      const lock = await lockDirectory(folder);
      await writeFile(lock.file, "{}");
      const successor = await lockDirectory(folder);
      await lock.release();
      await expect(lockDirectory(folder)).rejectedWith(/uses this data directory/);
      await successor.release();
    });
  });
});
