import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../../keepers/kv/state/outcome.ts";
import { StreamPipeline } from "../../keepers/kv/state/streamPipeline.ts";
import { StreamReader } from "../../keepers/kv/state/streamReader.ts";
import { type AnnouncedBatch, StreamState } from "../../keepers/kv/state/streamState.ts";
import { connectRedis, disconnectRedis } from "../../keepers/runtime/redis/connection.ts";
import type { Engine } from "../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../keepers/runtime/store/lmdbEngine.ts";
import { openRedisEngine } from "../../keepers/runtime/store/redisEngine.ts";
import { hasRedis, startRedis } from "../../test/keepers/runtime/redisServer.ts";
import { type Figure, figure } from "../figure.ts";
import { seededRandom } from "../random.ts";
import { rateOf, rawSpeeds } from "./raw.ts";
import {
  batchesPerCommit,
  commits,
  keyCount,
  keyOf,
  opening,
  runs,
  streamId,
  writesPerBatch,
} from "./workload.ts";

const reads = 300_000;
const readsOnRedis = 30_000;

/** Keys that are read together. */
const readsAtOnce = 100;

interface Speeds {
  readonly writes: number;
  readonly reads: number;
  readonly readsTogether: number;
}

/**
 * A stream of 100,000 keys: batches of a writer that is no admin, each judged on its own (nonce, rights, read set), with history,
 * undo lists and the state root of every commit; then reads of single keys. Beside raw LMDB under the same keys.
 */
export async function* figures(progress: (step: string) => void): AsyncGenerator<Figure> {
  progress("LMDB alone");
  const raw = await rawSpeeds();
  yield figure({ name: "LMDB alone, puts", value: raw.puts, unit: "writes/s" });
  yield figure({ name: "LMDB alone, gets", value: raw.gets, unit: "reads/s" });
  progress("a stream on LMDB");
  const directory = mkdtempSync(join(tmpdir(), "kv-bench-"));
  try {
    const engine = openLmdbEngine(directory);
    const speeds = await measure(engine, reads).finally(() => engine.close());
    yield* besideLmdb(speeds, raw);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  if (!hasRedis()) return console.error("Redis is left out: redis-server is not installed.");
  progress("a stream on Redis");
  const redis = await startRedis();
  const connection = await connectRedis({ url: redis.url });
  try {
    const speeds = await measure(openRedisEngine(connection, "bench"), readsOnRedis);
    yield figure({ name: "Redis, applied writes", value: speeds.writes, unit: "writes/s" });
    yield figure({ name: "Redis, point reads", value: speeds.reads, unit: "reads/s" });
    yield figure({ name: "Redis, point reads by the hundred", value: speeds.readsTogether, unit: "reads/s" });
  } finally {
    await disconnectRedis(connection);
    await redis.stop();
  }
}

function* besideLmdb(
  speeds: Speeds,
  raw: { readonly puts: number; readonly gets: number },
): Generator<Figure> {
  yield figure({
    ...{ name: "LMDB, applied writes", value: speeds.writes, unit: "writes/s", atLeast: 50_000 },
    reference: { name: "LMDB alone", value: raw.puts },
  });
  yield figure({
    ...{ name: "LMDB, point reads", value: speeds.reads, unit: "reads/s", atLeast: 500_000 },
    reference: { name: "LMDB alone", value: raw.gets },
  });
  yield figure({
    ...{ name: "LMDB, point reads by the hundred", value: speeds.readsTogether, unit: "reads/s" },
    reference: { name: "LMDB alone", value: raw.gets },
  });
}

async function measure(engine: Engine, count: number): Promise<Speeds> {
  const stream = await StreamState.open(engine, streamId);
  const pipeline = new StreamPipeline(engine, stream);
  const push = async (batches: readonly AnnouncedBatch[]) => refuseNone(await pipeline.push(batches));
  await push([opening()]);
  await pipeline.settle();
  const prepared = [...runs()];
  const writes = await rateOf(commits * batchesPerCommit * writesPerBatch, async () => {
    for (const run of prepared) await push(run);
    await pipeline.settle();
  });
  const reader = new StreamReader(engine, stream.head.stream);
  const random = seededRandom(3n);
  const asked = Array.from({ length: count }, () => keyOf(Math.floor(random() * keyCount)));
  const pages = Array.from({ length: count / readsAtOnce }, (_, page) =>
    asked.slice(page * readsAtOnce, (page + 1) * readsAtOnce),
  );
  let found = 0;
  const one = await rateOf(count, async () => {
    for (const key of asked) if ((await reader.get(key)) !== undefined) found++;
  });
  const together = await rateOf(count, async () => {
    for (const page of pages)
      for (const entry of await reader.getMany(page)) if (entry !== undefined) found++;
  });
  // 200,000 writes of random keys leave one in seven untouched.
  if (found < 2 * count * 0.8) throw new Error(`only ${found} of ${2 * count} keys were found`);
  return { writes, reads: one, readsTogether: together };
}

function refuseNone(outcomes: readonly Outcome[]): void {
  const refused = outcomes.find(({ refusal }) => refusal !== undefined);
  if (refused !== undefined) throw new Error(`a batch was refused: ${refused.refusal?.reason}`);
}
