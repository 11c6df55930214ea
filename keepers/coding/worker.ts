import { parentPort, workerData } from "node:worker_threads";
import { createLayout } from "./layout.ts";
import { openSlab, type Slab } from "./slab.ts";
import { runTask } from "./tasks.ts";
import type { WorkerOrder, WorkerReport, WorkerStart } from "./threads.ts";

/** The body of a coding thread: it works in memories that it shares with the thread that gives the orders. */
const { module, thread, threads } = workerData as WorkerStart;
const slabs = new Map<number, Slab>();

function follow(order: WorkerOrder): WorkerReport | undefined {
  if (order.kind === "open") {
    slabs.set(order.id, openSlab(module, order.memory, createLayout(order.shape, threads)));
    return undefined;
  }
  if (order.kind === "forget") {
    slabs.delete(order.id);
    return undefined;
  }
  try {
    for (const task of order.tasks) runTask(slabs.get(order.id)!, task, thread);
    return { ticket: order.ticket };
  } catch (error) {
    return { ticket: order.ticket, error };
  }
}

parentPort?.on("message", (order: WorkerOrder) => {
  const report = follow(order);
  if (report !== undefined) parentPort?.postMessage(report);
});
