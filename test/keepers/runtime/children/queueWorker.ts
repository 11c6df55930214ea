/**
 * Works a queue until it is killed, and prints "begin KEY" and "end KEY". Arguments: lmdb DIRECTORY, or redis URL.
 * A job "die-N" ends the process in its middle on its first N runs, counted in a file named by the third argument.
 */
import { appendFileSync, existsSync, readFileSync, writeSync } from "node:fs";
import { openEmbeddedQueue } from "../../../../keepers/runtime/queue/embedded.ts";
import { openRedisQueue } from "../../../../keepers/runtime/queue/redis.ts";
import { connectRedis } from "../../../../keepers/runtime/redis/connection.ts";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";

const [engine, where = "", diary = ""] = process.argv.slice(2);
const options = { attempts: 2, backoffMs: 10, concurrency: 2 };
const queue =
  engine === "lmdb"
    ? openEmbeddedQueue<null>(openLmdbStore(where), "crash", options)
    : openRedisQueue<null>(await connectRedis({ url: where }), "crash", "crash", {
        ...options,
        silenceMs: 500,
      });

function timesBegun(key: string): number {
  if (!existsSync(diary)) return 0;
  return readFileSync(diary, "utf8")
    .split("\n")
    .filter((line) => line === key).length;
}

// A waiting queue does not keep a process alive by itself.
setInterval(() => {}, 60_000);
await queue.work(async ({ key }) => {
  writeSync(1, `begin ${key}\n`);
  const before = timesBegun(key);
  appendFileSync(diary, `${key}\n`);
  if (key.startsWith("die-") && before < Number(key.slice(4))) process.kill(process.pid, "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeSync(1, `end ${key}\n`);
}, new AbortController().signal);
