import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Contender } from "../stopwatch.ts";
import { shape } from "./segment.ts";

/** Leopard's own, as its first versions name them; the 8-bit field is there or not. */
const sources = ["leopard.cpp", "LeopardCommon.cpp", "LeopardFF16.cpp", "LeopardFF8.cpp"];
const flags = ["-O3", "-std=c++17", "-mavx2", "-w"];

export const leopardNames = {
  encode: "Leopard, encode",
  fromParity: "Leopard, decode from parity",
  everyOther: "Leopard, decode every other row",
} as const;

export interface Leopard {
  readonly contenders: readonly Contender[];
  stop(): Promise<void>;
}

/**
 * Native Leopard on one thread in a process of its own, built by the C++ compiler of this machine from a checkout of
 * catid/leopard; undefined where no folder is named.
 * @throws Error when the folder holds no Leopard that can be built
 */
export async function startLeopard(folder: string | undefined): Promise<Leopard | undefined> {
  if (folder === undefined) return undefined;
  const built = mkdtempSync(join(tmpdir(), "leopard-"));
  const child = spawn(build(folder, built), [String(shape.k), String(shape.rowSize)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async (word: string) => {
    const { value } = await lines.next();
    if (value !== word) throw new Error(`Leopard has ended (${child.exitCode ?? child.signalCode})`);
  };
  const run = async (letter: string) => {
    child.stdin.write(letter);
    await heard("done");
  };
  await heard("ready");
  return {
    contenders: [
      { name: leopardNames.encode, go: () => run("e") },
      { name: leopardNames.fromParity, go: () => run("p") },
      { name: leopardNames.everyOther, go: () => run("h") },
    ],
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
      rmSync(built, { recursive: true, force: true });
    },
  };
}

/** @returns the program's path */
function build(folder: string, target: string): string {
  const program = join(target, "leopardProcess");
  const found = sources.map((name) => join(folder, name)).filter((path) => existsSync(path));
  const driver = join(import.meta.dirname, "leopardProcess.cpp");
  execFileSync("g++", [...flags, "-I", folder, driver, ...found, "-o", program], { stdio: "inherit" });
  return program;
}
