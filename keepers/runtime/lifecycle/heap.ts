import { setFlagsFromString } from "node:v8";

/** Percent of the live heap that a client, and a keeper, may add before V8 collects everything again. */
export const heapGrowth = { client: 55, keeper: 400 } as const;

/**
 * Collects garbage less often, for this process. V8 counts buffers with the objects and, with the step that it takes by
 * default, marks the whole heap every few MiB of bodies: half the time of a process that moves rows goes there. It reads the
 * flag at each collection, so it may be set while the program runs.
 */
export function letHeapGrow(percent: number = heapGrowth.client): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
