import { Counter, Gauge, type Registry } from "prom-client";

export type CaseMetrics = ReturnType<typeof createCaseMetrics>;

/** What a node has to do with cases. */
export function createCaseMetrics(registry: Registry) {
  const registers = [registry];
  const count = (name: string, help: string) =>
    new Counter({ name: `mycelia_storage_cases_${name}_total`, help, registers });
  return {
    filed: count("filed", "Cases that this node has filed"),
    shown: count("shown", "Rows shown that cases have asked of this node"),
    lacking: count("lacking", "Rows that cases have asked of this node and that were not here"),
    open: new Gauge({
      name: "mycelia_storage_cases_open",
      help: "Cases of this node's committee that are not decided",
      registers,
    }),
  };
}
