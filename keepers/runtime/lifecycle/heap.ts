import { setFlagsFromString } from "node:v8";

/** What V8 may add to the live heap, in percent of it, before it collects everything again. */
const growthPercent = 400;

/**
 * Collects garbage less often, for this process. V8 counts buffers with the objects and, with the step that it takes by
 * default, marks the whole heap every few MiB of bodies: half the time of a process that moves rows goes there. It reads the
 * flag at each collection, so it may be set while the program runs. Costs some tens of MiB.
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
}
