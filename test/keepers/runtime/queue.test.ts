import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Redis } from "ioredis";
import { openEmbeddedQueue } from "../../../keepers/runtime/queue/embedded.ts";
import type { Queue } from "../../../keepers/runtime/queue/queue.ts";
import { openRedisQueue } from "../../../keepers/runtime/queue/redis.ts";
import { connectRedis, disconnectRedis } from "../../../keepers/runtime/redis/connection.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { behavesAsQueue } from "./queue.behaviour.ts";
import { type RedisServer, requireRedis, startRedis } from "./redisServer.ts";
import { eventually, temporaryDirectory } from "./temporary.ts";

const worker = fileURLToPath(new URL("./children/queueWorker.ts", import.meta.url));
const OPTIONS = { attempts: 2, backoffMs: 10, concurrency: 2 };
const KEYS = ["a", "die-1", "b", "die-3", "c", "d", "e", "f"];

/** Starts a worker process again each time that it dies, until every key has ended; then kills it too. */
async function workUntilEnded(
  args: string[],
  keys: readonly string[],
  between?: () => Promise<void>,
): Promise<string[]> {
  const lines: string[] = [];
  const isOver = () => keys.every((key) => lines.includes(`end ${key}`));
  while (!isOver()) {
    const child = spawn(process.execPath, ["--import=tsx", worker, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await readUntil(child, lines, isOver);
    await between?.();
  }
  return lines;
}

async function readUntil(child: ChildProcess, lines: string[], isOver: () => boolean): Promise<void> {
  if (child.stdout === null) throw new Error("the worker has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    // Time to write the last job down, so that what comes after can count.
    if (isOver()) setTimeout(() => child.kill("SIGKILL"), 300);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function addAll(queue: Queue<null>): Promise<void> {
  for (const key of KEYS) expect(await queue.add({ key, data: null })).to.equal(true);
}

describe("embedded queue", () => {
  let store: Store;

  before(() => {
    store = openLmdbStore(temporaryDirectory());
  });

  after(() => store.close());

  describe("behaves as a queue", () => {
    behavesAsQueue(() => ({ open: (name, options) => openEmbeddedQueue(store, name, options) }));
  });

  it("ends every job whatever is killed, and counts no death as a try", async () => {
    const directory = temporaryDirectory();
    const first = openLmdbStore(directory);
    await addAll(openEmbeddedQueue(first, "crash", OPTIONS));
    await first.close();
    const lines = await workUntilEnded(["lmdb", directory, join(temporaryDirectory(), "diary")], KEYS);
    expect(lines.filter((line) => line === "begin die-3")).to.have.length(4);
    const last = openLmdbStore(directory);
    const queue = openEmbeddedQueue<null>(last, "crash", OPTIONS);
    expect(await queue.counts()).to.deep.equal({ waiting: 0, active: 0, done: KEYS.length, failed: 0 });
    for (const key of KEYS) expect(await queue.add({ key, data: null })).to.equal(false);
    await last.close();
  });
});

describe("redis queue", () => {
  let server: RedisServer;
  let redis: Redis;

  before(async function () {
    requireRedis(this);
    server = await startRedis();
    redis = await connectRedis({ url: server.url });
  });

  after(async () => {
    if (server === undefined) return;
    await disconnectRedis(redis);
    await server.stop();
  });

  describe("behaves as a queue", () => {
    behavesAsQueue(() => ({ open: (name, options) => openRedisQueue(redis, "test", name, options) }));
  });

  it("ends every job whatever is killed, and counts no death as a try", async () => {
    const queue = openRedisQueue<null>(redis, "crash", "crash", OPTIONS);
    await addAll(queue);
    const lines = await workUntilEnded(["redis", server.url, join(temporaryDirectory(), "diary")], KEYS);
    expect(lines.filter((line) => line === "begin die-3")).to.have.length(4);
    expect(await queue.counts()).to.deep.equal({ waiting: 0, active: 0, done: KEYS.length, failed: 0 });
    for (const key of KEYS) expect(await queue.add({ key, data: null })).to.equal(false);
    await queue.close();
  });

  it("loses no job when the server is killed and comes back", async () => {
    const queue = openRedisQueue<number>(redis, "outage", "outage", { ...OPTIONS, silenceMs: 500 });
    const ended = new Set<number>();
    const stop = new AbortController();
    const working = queue.work(async ({ data }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended.add(data);
    }, stop.signal);
    const adding = Promise.all(Array.from({ length: 60 }, (_, i) => queue.add({ key: `k${i}`, data: i })));
    await eventually("it is in the middle", () => ended.size > 5);
    await server.kill();
    await server.restart();
    await adding;
    await eventually("all have ended", async () => (await queue.counts()).done === 60);
    expect(ended.size).to.equal(60);
    stop.abort();
    await working;
    await queue.close();
  });

  it("shares jobs between processes and runs none in both", async () => {
    const [one, two] = [0, 1].map(() => openRedisQueue<null>(redis, "shared", "shared", OPTIONS));
    const runs: string[] = [];
    const stop = new AbortController();
    const working = [one, two].map((queue) =>
      queue?.work(async ({ key }) => {
        runs.push(key);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }, stop.signal),
    );
    for (let i = 0; i < 40; i++) await one?.add({ key: `k${i}`, data: null });
    await eventually("all have ended", async () => (await two?.counts())?.done === 40);
    expect(new Set(runs).size).to.equal(runs.length);
    stop.abort();
    await Promise.all(working);
    await Promise.all([one?.close(), two?.close()]);
  });
});
