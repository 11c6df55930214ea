const everyMs = 50;

/** The most that each kind of memory has taken, bytes; the kinds need not have had it at the same time. */
export interface MemoryPeaks {
  /** Resident, of the whole process. */
  readonly resident: number;
  /** Objects of the main thread. */
  readonly heap: number;
  /** Buffers of the main thread. */
  readonly buffers: number;
}

/** Looks at the memory of this process, time and again, until it is asked for the peaks. */
export function watchMemory(): () => MemoryPeaks {
  let peaks: MemoryPeaks = { resident: 0, heap: 0, buffers: 0 };
  const look = () => {
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    peaks = {
      resident: Math.max(peaks.resident, rss),
      heap: Math.max(peaks.heap, heapUsed),
      buffers: Math.max(peaks.buffers, arrayBuffers),
    };
  };
  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    look();
    return peaks;
  };
}
