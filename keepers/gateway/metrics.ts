import { Counter, Gauge, type Registry } from "prom-client";

/** What a gateway counts. */
export interface GatewayMetrics {
  /** @param outcome "ok", or S3's error code */
  answered(operation: string, outcome: string): void;
  received(bytes: number): void;
  sent(bytes: number): void;
  published(segments: number): void;
  publicationFailed(): void;
}

/** What is looked up when somebody asks. */
export interface GatewayGauges {
  readonly spoolBytes: () => number;
  readonly waitingObjects: () => number;
}

export function createGatewayMetrics(registry: Registry, gauges: GatewayGauges): GatewayMetrics {
  const registers = [registry];
  const count = (name: string, help: string) =>
    new Counter({ name: `mycelia_gateway_${name}_total`, help, registers });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name: `mycelia_gateway_${name}`,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  const requests = new Counter({
    name: "mycelia_gateway_requests_total",
    help: "Requests by S3 operation, and how they ended",
    labelNames: ["operation", "outcome"] as const,
    registers,
  });
  const received = count("received_bytes", "Bytes of objects and parts that were taken in");
  const sent = count("sent_bytes", "Bytes of objects that answers were begun for");
  const published = count("published_segments", "Segments that were published");
  const failed = count("failed_publications", "Publications that did not come off, and are tried again");
  gauge("spool_bytes", "Bytes of parts that wait for the rest of their upload", gauges.spoolBytes);
  gauge("waiting_objects", "Objects that wait to be published", gauges.waitingObjects);
  return {
    answered: (operation, outcome) => requests.inc({ operation, outcome }),
    received: (bytes) => received.inc(bytes),
    sent: (bytes) => sent.inc(bytes),
    published: (segments) => published.inc(segments),
    publicationFailed: () => failed.inc(),
  };
}
