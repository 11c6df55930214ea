import type { Shape } from "./shape.ts";
import type { PooledSlab } from "./slabPool.ts";
import { runTask, type Task } from "./tasks.ts";

/** Where tasks run. */
export interface Threads {
  /** How many tasks run at once. */
  readonly count: number;
  /** Runs the phases one after the other, the tasks of a phase at once. */
  run(slab: PooledSlab, phases: readonly (readonly Task[])[], signal?: AbortSignal): Promise<void>;
  /** Lets go of a slab that won't be used again. */
  forget(id: number): void;
  close(): Promise<void>;
}

/** What a worker is told. */
export type WorkerOrder =
  | { readonly kind: "open"; readonly id: number; readonly memory: WebAssembly.Memory; readonly shape: Shape }
  | { readonly kind: "forget"; readonly id: number }
  | { readonly kind: "run"; readonly ticket: number; readonly id: number; readonly tasks: readonly Task[] };

export interface WorkerReport {
  readonly ticket: number;
  readonly error?: unknown;
}

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly thread: number;
  readonly threads: number;
}

/** Runs every task on the calling thread. */
export function callingThread(): Threads {
  return {
    count: 1,
    async run(slab, phases, signal) {
      for (const phase of phases) {
        signal?.throwIfAborted();
        for (const task of phase) runTask(slab, task, 0);
      }
    },
    forget() {},
    async close() {},
  };
}
