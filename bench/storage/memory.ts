import { peakBytes } from "./processes.ts";

const everyMs = 50;

/** The most that each kind of memory has taken, bytes; the kinds need not have had it at the same time. */
export interface MemoryPeaks {
  /** Resident, of the whole process since its start, as the kernel has noted it. */
  readonly resident: number;
  /** Objects of the main thread. */
  readonly heap: number;
  /** Buffers of the main thread. */
  readonly buffers: number;
}

/** Looks at the memory of this process, time and again, until it is asked for the peaks. */
export function watchMemory(): () => MemoryPeaks {
  let [heap, buffers] = [0, 0];
  const look = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    heap = Math.max(heap, heapUsed);
    buffers = Math.max(buffers, arrayBuffers);
  };
  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    look();
    return { resident: peakBytes(process.pid), heap, buffers };
  };
}
