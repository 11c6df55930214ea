import { Counter, Histogram, type Registry } from "prom-client";

export type ProviderMetrics = ReturnType<typeof getProviderMetrics>;

export function getProviderMetrics(registry: Registry) {
  const registers = [registry];
  return {
    answers: new Counter({
      name: "mycelia_provider_answers_total",
      help: "Answers given, retries of the same request not counted",
      registers,
    }),
    units: new Counter({ name: "mycelia_provider_units_total", help: "Units answered", registers }),
    refusals: new Counter({
      name: "mycelia_provider_refusals_total",
      help: "Requests refused, by code",
      labelNames: ["code"] as const,
      registers,
    }),
    engineSeconds: new Histogram({
      name: "mycelia_provider_engine_seconds",
      help: "Time in the engine for one request",
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
    claims: new Counter({ name: "mycelia_provider_claims_total", help: "Claims posted", registers }),
  };
}
