import { collectDefaultMetrics, Gauge, Registry } from "prom-client";

export interface BuildInfo {
  /** Role or program. */
  readonly name: string;
  readonly version: string;
}

/** A registry of its own with process metrics and a gauge that names the build. */
export function createMetricsRegistry(build: BuildInfo): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ keeper: build.name });
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "mycelia_build_info",
    help: "Always 1; the labels say what is running",
    labelNames: ["version", "node"],
    registers: [registry],
  }).set({ version: build.version, node: process.version }, 1);
  return registry;
}
