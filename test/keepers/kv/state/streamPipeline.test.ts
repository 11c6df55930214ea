import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Head } from "../../../../keepers/kv/state/head.ts";
import type { Outcome } from "../../../../keepers/kv/state/outcome.ts";
import { StreamPipeline } from "../../../../keepers/kv/state/streamPipeline.ts";
import { StreamReader } from "../../../../keepers/kv/state/streamReader.ts";
import { StreamState } from "../../../../keepers/kv/state/streamState.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { openRedisEngine } from "../../../../keepers/runtime/store/redisEngine.ts";
import { useRedis } from "../../runtime/redisServer.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";
import { GROUP, groupAt, streamId } from "./groups.ts";

const GROUPS = 40;
const writer = fileURLToPath(new URL("./children/pipelineWriter.ts", import.meta.url));

/** Heads after each group, and all outcomes, when every group is committed before the next is judged. */
async function oneByOne(groups: number): Promise<{ heads: Head[]; outcomes: Outcome[] }> {
  const engine = openLmdbEngine(temporaryDirectory());
  const state = await StreamState.open(engine, streamId);
  const [heads, outcomes]: [Head[], Outcome[]] = [[state.head], []];
  for (let index = 0; index < groups; index++) {
    const prepared = await state.prepare(groupAt(index));
    await engine.commit(prepared.writes);
    state.adopt(prepared.head);
    heads.push(prepared.head);
    outcomes.push(...prepared.outcomes);
  }
  await engine.close();
  return { heads, outcomes };
}

/** All that a stream holds, at every version. */
async function contentOf(engine: Engine, head: Head) {
  const reader = new StreamReader(engine, head.stream);
  const pages = [];
  for (let at = 0; at <= head.number; at++) pages.push(await reader.page({ limit: 1_000, at }));
  return pages;
}

describe("kv: pipeline of a stream", () => {
  const redis = useRedis();

  it("comes to what one group after the other comes to, however they are pushed", async () => {
    const wanted = await oneByOne(GROUPS);
    expect(wanted.outcomes.some(({ refusal }) => refusal?.code === "kv/conflict")).to.equal(true);
    for (const waits of [true, false]) {
      const engine = openLmdbEngine(temporaryDirectory());
      const state = await StreamState.open(engine, streamId);
      const pipeline = new StreamPipeline(engine, state);
      const pushed = [];
      for (let index = 0; index < GROUPS; index++) {
        pushed.push(pipeline.push(groupAt(index)));
        if (waits) await pushed.at(-1);
      }
      await pipeline.settle();
      expect((await Promise.all(pushed)).flat()).to.deep.equal(wanted.outcomes);
      expect(state.head).to.deep.equal(wanted.heads.at(-1));
      expect((await StreamState.open(engine, streamId)).head).to.deep.equal(state.head);
      await engine.close();
    }
  });

  it("commits nothing behind a group that the engine refused, and goes on from before it", async () => {
    const wanted = await oneByOne(GROUPS);
    const engine = openRedisEngine(redis(), "pipeline");
    const state = await StreamState.open(engine, streamId);
    const pipeline = new StreamPipeline(engine, state);
    for (let index = 0; index < 3; index++) await pipeline.push(groupAt(index));
    await pipeline.settle();
    await redis().config("SET", "maxmemory", "1");
    const pushed = [3, 4, 5].map((index) => pipeline.push(groupAt(index)));
    const ends = await Promise.allSettled([...pushed, pipeline.settle()]);
    await redis().config("SET", "maxmemory", "0");
    // The first was on its way when it was refused; whoever came next was told.
    expect(ends.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "rejected", "rejected"]);
    const late = await pipeline.push(groupAt(3)).catch((error: Error) => error);
    expect(String(late)).to.contain("OOM");
    expect(state.head).to.deep.equal(wanted.heads[3]);
    expect((await StreamState.open(engine, streamId)).head).to.deep.equal(wanted.heads[3]);
    const again = new StreamPipeline(engine, state);
    for (let index = 3; index < GROUPS; index++) await again.push(groupAt(index));
    await again.settle();
    expect(state.head).to.deep.equal(wanted.heads.at(-1));
  });

  it("stands at the end of a group after kill -9, with all that was said to be there, and goes on", async () => {
    const directory = temporaryDirectory();
    for (const lines of [1, 7, 40]) {
      const child = spawn(process.execPath, ["--import=tsx", writer, directory], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let last = -1;
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        last = Number(line);
        if (++seen === lines) child.kill("SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      const engine = openLmdbEngine(directory);
      const { head } = await StreamState.open(engine, streamId);
      expect(head.number % GROUP).to.equal(0);
      expect(head.number / GROUP).to.be.at.least(last);
      const wanted = await oneByOne(head.number / GROUP);
      expect(head).to.deep.equal(wanted.heads.at(-1));
      await engine.close();
    }
  });

  it("leaves the history that one group after the other leaves", async () => {
    const contents = [];
    for (const pipelined of [true, false]) {
      const engine = openLmdbEngine(temporaryDirectory());
      const state = await StreamState.open(engine, streamId);
      const pipeline = new StreamPipeline(engine, state);
      for (let index = 0; index < 12; index++) {
        await pipeline.push(groupAt(index));
        if (!pipelined) await pipeline.settle();
      }
      await pipeline.settle();
      contents.push(await contentOf(engine, state.head));
      await engine.close();
    }
    expect(contents[0]).to.deep.equal(contents[1]);
    expect(contents[0]!.some(({ items }) => items.length > 20)).to.equal(true);
  });
});
