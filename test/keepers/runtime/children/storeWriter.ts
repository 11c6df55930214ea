/** Writes without end, and prints each key once its write has resolved. Arguments: lmdb DIRECTORY, or redis URL NAME. */
import { writeSync } from "node:fs";
import { connectRedis } from "../../../../keepers/runtime/redis/connection.ts";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import { openRedisStore } from "../../../../keepers/runtime/store/redis.ts";

const [engine, where = "", name = ""] = process.argv.slice(2);
const store =
  engine === "lmdb" ? openLmdbStore(where) : openRedisStore(await connectRedis({ url: where }), name);

function acknowledge(key: string): void {
  writeSync(1, `${key}\n`);
}

async function write(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const id = `${lane}-${i}`;
    await store.put(`single/${id}`, Buffer.alloc(100, i));
    acknowledge(`single/${id}`);
    await store.batch(
      ["a", "b"].map((twin) => ({ kind: "put", key: `twin/${twin}/${id}`, value: Buffer.alloc(9_000) })),
    );
    acknowledge(`twin/a/${id}`);
    if (await store.putIfAbsent(`claim/${id}`, Buffer.of(1))) acknowledge(`claim/${id}`);
  }
}

await Promise.all([write(0), write(1), write(2)]);
