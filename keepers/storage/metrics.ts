import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { DiskQuota } from "./diskQuota.ts";

/** What a storage node counts. */
export interface StorageMetrics {
  stored(strips: number, rows: number, bytes: number): void;
  served(bytes: number): void;
  /** @param code error code that the caller was given */
  refused(code: string): void;
  flushed(seconds: number): void;
}

export function createStorageMetrics(registry: Registry): StorageMetrics {
  const registers = [registry];
  const rows = new Counter({
    name: "mycelia_storage_rows_stored_total",
    help: "Rows made durable",
    registers,
  });
  const strips = new Counter({
    name: "mycelia_storage_strips_stored_total",
    help: "Strips made durable",
    registers,
  });
  const stored = new Counter({
    name: "mycelia_storage_stored_bytes_total",
    help: "Row bytes made durable",
    registers,
  });
  const served = new Counter({
    name: "mycelia_storage_served_bytes_total",
    help: "Bytes of rows, heads and manifests read out",
    registers,
  });
  const refused = new Counter({
    name: "mycelia_storage_refused_total",
    help: "Uploads and publications refused, by error code",
    labelNames: ["code"],
    registers,
  });
  const flush = new Histogram({
    name: "mycelia_storage_fsync_seconds",
    help: "Time of one flush of a row file",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  });
  return {
    stored(count, rowCount, bytes) {
      strips.inc(count);
      rows.inc(rowCount);
      stored.inc(bytes);
    },
    served: (bytes) => served.inc(bytes),
    refused: (code) => refused.inc({ code }),
    flushed: (seconds) => flush.observe(seconds),
  };
}

/** Shows how full the disk is. */
export function addUsageGauges(registry: Registry, quota: DiskQuota): void {
  const registers = [registry];
  new Gauge({
    name: "mycelia_storage_used_bytes",
    help: "Bytes of the row files",
    registers,
    collect() {
      this.set(quota.used);
    },
  });
  new Gauge({
    name: "mycelia_storage_quota_bytes",
    help: "Bytes that the row files may take",
    registers,
    collect() {
      this.set(quota.limit);
    },
  });
}
