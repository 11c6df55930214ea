import { Counter, type Registry } from "prom-client";

export type DropMetrics = ReturnType<typeof createDropMetrics>;

/** What a node gives up. */
export function createDropMetrics(registry: Registry) {
  const registers = [registry];
  return {
    dropped: new Counter({
      name: "mycelia_storage_dropped_bytes_total",
      help: "Bytes of rows that nobody is owed any more, by why; they are free once their file is compacted",
      labelNames: ["reason"],
      registers,
    }),
    compacted: new Counter({
      name: "mycelia_storage_compacted_files_total",
      help: "Row files that were compacted",
      registers,
    }),
  };
}
