import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export type AuditMetrics = ReturnType<typeof createAuditMetrics>;

const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150];

/** What a node's part in audits comes to. */
export function createAuditMetrics(registry: Registry) {
  const registers = [registry];
  const count = (name: string, help: string) =>
    new Counter({ name: `mycelia_storage_audit_${name}_total`, help, registers });
  return {
    committed: count("committed", "Sample roots committed"),
    answered: count("answered", "Audits whose drawn samples were opened"),
    missed: count("missed", "Audits that were settled as missed"),
    rewards: count("rewards_wei", "Rewards of this node's seat for audits, wei"),
    rowsRead: count("rows_read", "Rows read to be committed"),
    cranks: new Counter({
      name: "mycelia_storage_audit_cranks_total",
      help: "Transactions by which this node moved audits on for all",
      labelNames: ["crank"],
      registers,
    }),
    missingRows: new Gauge({
      name: "mycelia_storage_audit_missing_rows",
      help: "Rows of the latest sample, of 1,024, that should be here and were not",
      registers,
    }),
    seconds: new Histogram({
      name: "mycelia_storage_audit_seconds",
      help: "Time to read and hash the rows of one sample",
      buckets: BUCKETS,
      registers,
    }),
  };
}
