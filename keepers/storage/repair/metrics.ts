import { Counter, Gauge, type Registry } from "prom-client";

export type RepairMetrics = ReturnType<typeof createRepairMetrics>;

/** Margins that are told apart: strips that could still be lost. */
const MARGINS = [0, 8, 32, 77] as const;

export function createRepairMetrics(registry: Registry) {
  const registers = [registry];
  const count = (name: string, help: string) =>
    new Counter({ name: `mycelia_storage_repair_${name}`, help, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `mycelia_storage_repair_${name}`, help, registers });
  return {
    fetched: count("fetched_bytes_total", "Bytes of strips and heads fetched to repair"),
    restored: count("restored_bytes_total", "Bytes of rows that repair made durable"),
    copied: count("copied_strips_total", "Strips copied from another member"),
    rebuilt: count("rebuilt_strips_total", "Strips rebuilt from the rows of others"),
    failed: count("failed_segments_total", "Tries to repair a segment that failed"),
    blamed: new Counter({
      name: "mycelia_storage_repair_blamed_total",
      help: "Answers that did not belong to what was asked, by the seat of who sent them",
      labelNames: ["seat"],
      registers,
    }),
    missing: gauge("missing_segments", "Segments of which strips are missing here"),
    hopeless: gauge("hopeless_segments", "Segments of which nothing that is missing can be had now"),
    lost: gauge(
      "lost_segments",
      "Segments of which that holds although members with three quarters of the slots have answered",
    ),
    segments: new Counter({
      name: "mycelia_storage_repair_segments_total",
      help: "Segments repaired, by the most strips that could still be lost when it began",
      labelNames: ["margin"],
      registers,
    }),
  };
}

/** Label of a margin: the least bound that it does not pass. */
export function marginLabel(margin: number): string {
  return String(MARGINS.find((bound) => margin <= bound) ?? "more");
}
