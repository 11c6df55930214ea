import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { FatalError, RetryableError } from "../../../keepers/runtime/errors.ts";
import type { Job, Queue, QueueOptions } from "../../../keepers/runtime/queue/queue.ts";
import { eventually } from "./temporary.ts";

use(chaiAsPromised);

/** A queue engine under test: opening the same name again, after `close`, finds what was there. */
export interface QueueEngine {
  open<T>(name: string, options: QueueOptions): Queue<T>;
}

const OPTIONS: QueueOptions = { attempts: 3, backoffMs: 10, concurrency: 4 };
let names = 0;

/** What every queue must do. */
export function behavesAsQueue(engine: () => QueueEngine): void {
  let name: string;
  let queue: Queue<unknown>;
  let stop: AbortController;
  let working: Promise<void> | undefined;

  beforeEach(() => {
    name = `queue-${++names}`;
    queue = engine().open(name, OPTIONS);
    stop = new AbortController();
    working = undefined;
  });

  afterEach(async () => {
    stop.abort();
    await working;
    await queue.close();
  });

  function start(run: (job: Job<unknown>, signal: AbortSignal) => Promise<void>): void {
    working = queue.work(run, stop.signal);
  }

  const drained = () =>
    eventually("the queue is empty", async () => {
      const { waiting, active } = await queue.counts();
      return waiting + active === 0;
    });

  it("runs each job once, with its data", async () => {
    const seen = new Map<string, unknown>();
    for (let i = 0; i < 10; i++) {
      expect(
        await queue.add({ key: `k${i}`, data: { amount: BigInt(i), bytes: Uint8Array.of(i) } }),
      ).to.equal(true);
    }
    expect(await queue.counts()).to.deep.equal({ waiting: 10, active: 0, done: 0, failed: 0 });
    start(async ({ key, data }) => {
      expect(seen.has(key)).to.equal(false);
      seen.set(key, data);
    });
    await drained();
    expect(seen.size).to.equal(10);
    expect(seen.get("k3")).to.deep.equal({ amount: 3n, bytes: Uint8Array.of(3) });
    expect(await queue.counts()).to.deep.equal({ waiting: 0, active: 0, done: 10, failed: 0 });
  });

  it("knows a key whether it waits, runs or is done", async () => {
    const both = await Promise.all([queue.add({ key: "k", data: 1 }), queue.add({ key: "k", data: 2 })]);
    expect(both.filter(Boolean)).to.have.length(1);
    let runs = 0;
    const hold = Promise.withResolvers<void>();
    start(async () => {
      runs++;
      await hold.promise;
    });
    await eventually("it runs", () => runs === 1);
    expect(await queue.add({ key: "k", data: 3 })).to.equal(false);
    hold.resolve();
    await drained();
    expect(await queue.add({ key: "k", data: 4 })).to.equal(false);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(runs).to.equal(1);
  });

  it("takes up a job that is added while it works", async () => {
    const seen: string[] = [];
    start(async ({ key }) => void seen.push(key));
    for (const key of ["a", "with:colons/and é", "b"]) {
      await queue.add({ key, data: null });
      await eventually(`${key} ran`, () => seen.includes(key));
    }
  });

  it("tries again after an error that may pass, and keeps to its number of tries", async () => {
    const tries = new Map<string, number>();
    start(async ({ key }) => {
      const count = (tries.get(key) ?? 0) + 1;
      tries.set(key, count);
      if (key === "never" || count < 3)
        throw key === "plain" ? new Error("plain") : new RetryableError("t/t", "later");
    });
    for (const key of ["third", "plain", "never"]) await queue.add({ key, data: null });
    await eventually("all ended", async () => {
      const { done, failed } = await queue.counts();
      return done === 2 && failed === 1;
    });
    expect(Object.fromEntries(tries)).to.deep.equal({ third: 3, plain: 3, never: 3 });
    expect(await queue.add({ key: "never", data: null })).to.equal(false);
  });

  it("does not try again what can't succeed", async () => {
    let tries = 0;
    start(async () => {
      tries++;
      throw new FatalError("test/never", "never");
    });
    await queue.add({ key: "k", data: null });
    await eventually("it is parked", async () => (await queue.counts()).failed === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(tries).to.equal(1);
  });

  it("runs no more at once than it may", async () => {
    let running = 0;
    const hold = Promise.withResolvers<void>();
    start(async () => {
      running++;
      await hold.promise;
    });
    for (let i = 0; i < 8; i++) await queue.add({ key: `k${i}`, data: null });
    await eventually("it is busy", () => running === OPTIONS.concurrency);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(running).to.equal(OPTIONS.concurrency);
    expect((await queue.counts()).active).to.equal(OPTIONS.concurrency);
    hold.resolve();
    await drained();
    expect(running).to.equal(8);
  });

  it("ends what runs before it stops, and starts nothing more", async () => {
    const ended: string[] = [];
    const hold = Promise.withResolvers<void>();
    let begun = 0;
    start(async ({ key }) => {
      begun++;
      await hold.promise;
      ended.push(key);
    });
    for (let i = 0; i < 6; i++) await queue.add({ key: `k${i}`, data: null });
    await eventually("it is busy", () => begun === 4);
    stop.abort();
    await new Promise((resolve) => setTimeout(resolve, 50));
    hold.resolve();
    await working;
    expect(ended).to.have.length(4);
    expect(begun).to.equal(4);
    expect(await queue.counts()).to.deep.equal({ waiting: 2, active: 0, done: 4, failed: 0 });
  });

  it("keeps a job that was told to stop for the next start, and counts no try", async () => {
    const single = engine().open(`${name}-once`, { ...OPTIONS, attempts: 1 });
    await single.add({ key: "k", data: 7 });
    const begun = Promise.withResolvers<void>();
    const first = single.work(async (_, signal) => {
      begun.resolve();
      await new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
      );
    }, stop.signal);
    await begun.promise;
    stop.abort();
    await first;
    await single.close();
    const again = engine().open(`${name}-once`, { ...OPTIONS, attempts: 1 });
    const next = new AbortController();
    const data: unknown[] = [];
    const second = again.work(async (job) => void data.push(job.data), next.signal);
    await eventually("it ran", () => data.length === 1);
    next.abort();
    await second;
    expect(data).to.deep.equal([7]);
    expect(await again.counts()).to.deep.equal({ waiting: 0, active: 0, done: 1, failed: 0 });
    await again.close();
  });

  it("says that it is closed", async () => {
    await queue.close();
    await expect(queue.add({ key: "k", data: null })).to.be.rejected.and.eventually.have.property(
      "code",
      "queue/closed",
    );
  });
}
