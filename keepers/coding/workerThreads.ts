import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { startWorker } from "../runtime/lifecycle/workers.ts";
import { CodingError } from "./errors.ts";
import { compileKernel } from "./kernel.ts";
import type { PooledSlab } from "./slabPool.ts";
import type { Task } from "./tasks.ts";
import type { Threads, WorkerOrder, WorkerReport, WorkerStart } from "./threads.ts";

/** All processors but one, at most four. */
export function usualThreads(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1));
}

export function workerThreads(count: number): Threads {
  const workers = Array.from({ length: count }, (_, thread) => new CodingWorker(thread, count));
  let closed = false;
  return {
    count,
    async run(slab, phases, signal) {
      for (const phase of joined(phases)) {
        signal?.throwIfAborted();
        if (closed) throw new CodingError("coding/closed", "The codec is closed");
        const first = leastBusy(workers);
        const pieces = phase.map((tasks, part) => workers[(first + part) % count]!.run(slab, tasks));
        // All pieces end before the slab may be used for something else, even when one has failed.
        const ends = await Promise.allSettled(pieces);
        for (const end of ends) if (end.status === "rejected") throw end.reason;
      }
    },
    forget(id) {
      for (const worker of workers) worker.forget(id);
    },
    async close() {
      closed = true;
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** Pieces of tasks to send: neighbouring phases of one task each need no meeting and travel together. */
function joined(phases: readonly (readonly Task[])[]): Task[][][] {
  if (phases.every((phase) => phase.length === 1)) return [[phases.flat()]];
  return phases.map((phase) => phase.map((task) => [task]));
}

function leastBusy(workers: readonly CodingWorker[]): number {
  const loads = workers.map((worker) => worker.load);
  return loads.indexOf(Math.min(...loads));
}

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/** A worker's objects are hashes on their way into a slab: the 48 MiB that V8 would give them are of no use. */
const resourceLimits = { maxYoungGenerationSizeMb: 3 };

class CodingWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #open = new Set<number>();
  #tickets = 0;
  #ended: { readonly error: unknown } | undefined;

  constructor(thread: number, threads: number) {
    const workerData: WorkerStart = { module: compileKernel(), thread, threads };
    this.#worker = startWorker("worker", import.meta.url, { workerData, resourceLimits });
    // An idle worker must not keep the process alive.
    this.#worker.unref();
    this.#worker.on("message", (report: WorkerReport) => this.#settle(report));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new CodingError("coding/closed", "A coding worker has ended")));
  }

  /** Orders under way. */
  get load(): number {
    return this.#waiting.size;
  }

  async run(slab: PooledSlab, tasks: readonly Task[]): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended.error;
    if (!this.#open.has(slab.id)) {
      this.#open.add(slab.id);
      this.#order({ kind: "open", id: slab.id, memory: slab.memory, shape: slab.layout.shape });
    }
    const ticket = this.#tickets++;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject });
      this.#worker.ref();
      this.#order({ kind: "run", ticket, id: slab.id, tasks });
    });
  }

  forget(id: number): void {
    if (this.#open.delete(id)) this.#order({ kind: "forget", id });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #order(order: WorkerOrder): void {
    this.#worker.postMessage(order);
  }

  #settle({ ticket, error }: WorkerReport): void {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(error);
  }

  #fail(error: unknown): void {
    this.#ended ??= { error };
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
