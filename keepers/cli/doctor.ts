import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { anvilBinary } from "./devnet/chain.ts";
import { describeNetwork } from "./devnet/describe.ts";
import { readNetwork } from "./devnet/state.ts";
import { formatBytes } from "./terminal/progress.ts";

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** False: only a hint; nothing stops working. */
  readonly required: boolean;
  readonly found: string;
  readonly advice: string;
}

const smallestDisk = 2 * 1024 ** 3;
const smallestMemory = 2 * 1024 ** 3;

function finding(check: string, required: boolean, ok: boolean, found: string, advice: string): Finding {
  return { check, ok, required, found, advice };
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 22 || (major === 22 && minor >= 13);
  return finding(
    "Node",
    true,
    ok,
    process.version,
    "start with ./mycelia, which takes a right Node from npm",
  );
}

function chainBinary(): Finding {
  try {
    const { stdout } = spawnSync(anvilBinary(), ["--version"], { encoding: "utf8", timeout: 10_000 });
    return finding(
      "anvil",
      false,
      stdout !== "",
      stdout.split("\n")[0] ?? "",
      "use --rpc with a chain of your own",
    );
  } catch {
    return finding("anvil", false, false, "missing", "run npm ci, or use --rpc with a chain of your own");
  }
}

function simd(): Finding {
  // A module with one function that returns i8x16.splat(0): it validates only where WebAssembly SIMD is there.
  const bytes = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
  ];
  const ok = WebAssembly.validate(new Uint8Array(bytes));
  return finding("WebAssembly SIMD", true, ok, ok ? "yes" : "no", "use a Node build for a CPU with SIMD");
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function disk(dataDir: string): Finding {
  const place = nearestExisting(dataDir);
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  return finding(
    "disk",
    true,
    free >= smallestDisk,
    `${formatBytes(free)} free at ${place}`,
    "free at least 2 GiB",
  );
}

function writable(dataDir: string): Finding {
  const place = nearestExisting(dataDir);
  try {
    accessSync(place, constants.W_OK);
    return finding("data directory", true, true, dataDir, "");
  } catch {
    return finding("data directory", true, false, `${place} is not writable`, "name another with --data-dir");
  }
}

function memory(): Finding {
  const found = `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`;
  return finding("memory", false, freemem() >= smallestMemory, found, "the devnet wants about 2 GiB");
}

function redis(): Finding {
  const found = spawnSync("redis-server", ["--version"], { encoding: "utf8" }).stdout?.trim();
  const ok = Boolean(found);
  return finding(
    "Redis (only for fleets)",
    false,
    ok,
    ok ? (found as string) : "missing",
    "apt-get install redis-server",
  );
}

async function network(dataDir: string): Promise<Finding> {
  if (readNetwork(dataDir) === undefined) return finding("network", false, true, "not up", "");
  const { block, processes } = await describeNetwork(dataDir);
  const sick = processes
    .filter(({ state }) => state !== "ready")
    .map(({ name, state }) => `${name} ${state}`);
  if (block === null) sick.unshift("the chain does not answer");
  const found = sick.length === 0 ? `${processes.length} processes ready, block ${block}` : sick.join(", ");
  return finding("network", false, sick.length === 0, found, 'run "mycelia up": it starts what is missing');
}

/** Looks at everything that a devnet or a keeper needs of this machine. */
export async function examine(dataDir: string): Promise<Finding[]> {
  const local = [node(), simd(), chainBinary(), disk(dataDir), writable(dataDir), memory(), redis()];
  return [...local, await network(dataDir)];
}
