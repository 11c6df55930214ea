import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/**
 * Metrics of the HTTP server. The pattern for every keeper: one file a domain, one `getMetrics(registry)` that makes them
 * all, units as suffix, the type taken from the function.
 */
export function getMetrics(registry: Registry) {
  const registers = [registry];
  return {
    requestDuration: new Histogram({
      name: "mycelia_http_server_request_duration_seconds",
      help: "Time from the request's headers to the end of the answer",
      // The route's pattern, never the URL: a label must not grow with what strangers ask.
      labelNames: ["method", "route", "status"] as const,
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
    requestsInFlight: new Gauge({
      name: "mycelia_http_server_requests_in_flight",
      help: "Requests being answered",
      registers,
    }),
    connectionsRefused: new Counter({
      name: "mycelia_http_server_connections_refused_total",
      help: "Connections closed unheard: too many of one address, or in total",
      labelNames: ["reason"] as const,
      registers,
    }),
    refusals: new Counter({
      name: "mycelia_http_server_refusals_total",
      help: "Requests answered with an error, by its stable code",
      labelNames: ["code"] as const,
      registers,
    }),
  };
}

export type HttpMetrics = ReturnType<typeof getMetrics>;
