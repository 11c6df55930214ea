import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { seededRandom } from "../random.ts";
import { keyCount, keyOf } from "./workload.ts";

const valueBytes = 64;
const reads = 300_000;

/** What LMDB does with the same keys and values and nothing around it; a second. */
export async function rawSpeeds(): Promise<{ readonly puts: number; readonly gets: number }> {
  const directory = mkdtempSync(join(tmpdir(), "kv-bench-raw-"));
  const root = open({ path: directory, maxDbs: 2, overlappingSync: false, noSubdir: false });
  try {
    const db = root.openDB<Buffer, Buffer>("raw", { encoding: "binary", keyEncoding: "binary" });
    const names = Array.from({ length: keyCount }, (_, number) => keyOf(number));
    const value = Buffer.alloc(valueBytes, 1);
    const puts = await rateOf(keyCount, () =>
      db.batch(() => {
        for (const name of names) void db.put(name, value);
      }),
    );
    const random = seededRandom(2n);
    const asked = Array.from({ length: reads }, () => names[Math.floor(random() * keyCount)]!);
    const gets = await rateOf(reads, async () => {
      for (const name of asked) if (db.getBinaryFast(name) === undefined) throw new Error("a key is lost");
    });
    return { puts, gets };
  } finally {
    await root.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function rateOf(count: number, run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return (1000 * count) / (performance.now() - started);
}
