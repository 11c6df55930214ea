import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { RequestListener } from "../bucket/endpoint.ts";
import type { DiskQuota } from "../disk/diskQuota.ts";

/** What a storage node counts. */
export interface StorageMetrics {
  stored(strips: number, rows: number, bytes: number): void;
  served(bytes: number): void;
  /** @param code error code that the caller was given */
  refused(code: string): void;
  flushed(seconds: number): void;
}

const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export function createStorageMetrics(registry: Registry): StorageMetrics {
  const registers = [registry];
  const count = (name: string, help: string) =>
    new Counter({ name: `mycelia_storage_${name}_total`, help, registers });
  const rows = count("rows_stored", "Rows made durable");
  const strips = count("strips_stored", "Strips made durable");
  const stored = count("stored_bytes", "Row bytes made durable");
  const served = count("served_bytes", "Bytes of rows and heads read out");
  const refused = new Counter({
    name: "mycelia_storage_refused_total",
    help: "Uploads and publications refused, by error code",
    labelNames: ["code"],
    registers,
  });
  const flush = new Histogram({
    name: "mycelia_storage_fsync_seconds",
    help: "Time in which one group of rows was made durable: a flush of a row file, or its objects in a bucket",
    buckets: BUCKETS,
    registers,
  });
  return {
    stored(stripCount, rowCount, bytes) {
      strips.inc(stripCount);
      rows.inc(rowCount);
      stored.inc(bytes);
    },
    served: (bytes) => served.inc(bytes),
    refused: (code) => refused.inc({ code }),
    flushed: (seconds) => flush.observe(seconds),
  };
}

/** Counts what is asked of the bucket in which a node has its rows. */
export function createBucketMetrics(registry: Registry): RequestListener {
  const registers = [registry];
  const requests = new Counter({
    name: "mycelia_storage_bucket_requests_total",
    help: "Requests to the S3 endpoint by operation and outcome (done, missing, taken, failed), repetitions not counted",
    labelNames: ["operation", "outcome"],
    registers,
  });
  const repeated = new Counter({
    name: "mycelia_storage_bucket_repeated_requests_total",
    help: "Repetitions of requests that the S3 endpoint did not answer, or not well",
    labelNames: ["operation"],
    registers,
  });
  const latency = new Histogram({
    name: "mycelia_storage_bucket_request_seconds",
    help: "Time of one request to the S3 endpoint, with its repetitions",
    labelNames: ["operation"],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  return (operation, outcome, seconds, repetitions) => {
    requests.inc({ operation, outcome });
    repeated.inc({ operation }, repetitions);
    latency.observe({ operation }, seconds);
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
