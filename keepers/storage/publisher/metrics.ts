import { Counter, Gauge, type Registry } from "prom-client";
import type { OrderBook } from "./orderBook.ts";

/** What a publisher counts. */
export interface PublisherMetrics {
  accepted(bytes: number): void;
  /** @param code error code that the caller was given */
  refused(code: string): void;
  /** @param fee wei */
  published(segments: number, fee: bigint): void;
  failed(): void;
}

const WEI = 1e18;

export function createPublisherMetrics(registry: Registry, orders: OrderBook): PublisherMetrics {
  const registers = [registry];
  const count = (name: string, help: string) =>
    new Counter({ name: `mycelia_storage_publisher_${name}_total`, help, registers });
  const accepted = count("orders", "Orders accepted");
  const bytes = count("ordered_bytes", "Data bytes of accepted orders");
  const batches = count("batches", "Batches appended to the log");
  const segments = count("segments", "Segments in these batches");
  const fees = count("fees", "Fees paid to the log, in whole tokens");
  const failed = count("failed_orders", "Orders whose segments members do not hold");
  const refused = new Counter({
    name: "mycelia_storage_publisher_refused_total",
    help: "Orders refused, by error code",
    labelNames: ["code"],
    registers,
  });
  new Gauge({
    name: "mycelia_storage_publisher_waiting_orders",
    help: "Orders that wait to be published",
    registers,
    collect() {
      this.set(orders.waiting);
    },
  });
  new Gauge({
    name: "mycelia_storage_publisher_waiting_bytes",
    help: "Data bytes of the orders that wait",
    registers,
    collect() {
      this.set(orders.pendingBytes);
    },
  });
  return {
    accepted(size) {
      accepted.inc();
      bytes.inc(size);
    },
    refused: (code) => refused.inc({ code }),
    published(many, fee) {
      batches.inc();
      segments.inc(many);
      fees.inc(Number(fee) / WEI);
    },
    failed: () => failed.inc(),
  };
}
