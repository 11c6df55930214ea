import { Counter, Gauge, type Registry } from "prom-client";
import type { Outcome } from "../state/outcome.ts";

export interface KvMetrics {
  judged(outcomes: readonly Outcome[]): void;
  rewound(batches: number): void;
  forged(count: number): void;
}

/** Figures of a KV node. @param stalled tells how many streams stand still */
export function createKvMetrics(registry: Registry, stalled: () => number): KvMetrics {
  const registers = [registry];
  const batches = new Counter({
    name: "mycelia_kv_batches_total",
    help: "Batches judged, by what came of them",
    labelNames: ["outcome"],
    registers,
  });
  const rewound = new Counter({
    name: "mycelia_kv_rewound_batches_total",
    help: "Batches taken back because of a reorg",
    registers,
  });
  const forged = new Counter({
    name: "mycelia_kv_forgeries_total",
    help: "Announcements that the chain refused for their signature",
    registers,
  });
  new Gauge({
    name: "mycelia_kv_stalled_streams",
    help: "Streams that stand still because the bytes of a batch are missing",
    registers,
    collect() {
      this.set(stalled());
    },
  });
  return {
    judged(outcomes) {
      for (const { refusal } of outcomes) batches.inc({ outcome: refusal?.code ?? "taken" });
    },
    rewound: (count) => rewound.inc(count),
    forged: (count) => forged.inc(count),
  };
}
