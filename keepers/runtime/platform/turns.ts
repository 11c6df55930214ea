import { setImmediate } from "node:timers/promises";

/** Lets what waits have its turn, and goes on. @throws the signal's reason once it aborts */
export async function giveWay(signal?: AbortSignal): Promise<void> {
  await setImmediate(undefined, signal === undefined ? {} : { signal });
}
