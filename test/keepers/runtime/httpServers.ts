import { connect, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { createHttpClient } from "../../../keepers/runtime/http/client.ts";
import type { HttpClient } from "../../../keepers/runtime/http/exchange.ts";
import { createServer, type ServerOptions } from "../../../keepers/runtime/http/server.ts";
import { createLogger } from "../../../keepers/runtime/logging/logger.ts";
import { createMetricsRegistry } from "../../../keepers/runtime/metrics/registry.ts";

export const JSON_TYPE = { "content-type": "application/json" };
export const BINARY_TYPE = { "content-type": "application/octet-stream" };

export interface Servers {
  /** What the servers of the running test have logged. */
  readonly log: string[];
  readonly client: HttpClient;
  open(options?: Partial<ServerOptions>): FastifyInstance;
}

/** Opens servers that are closed after their test. */
export function setUpServers(): Servers {
  const log: string[] = [];
  const logger = createLogger({
    name: "test",
    level: "debug",
    format: "json",
    stream: { write: (line) => void log.push(line) },
  });
  const opened: FastifyInstance[] = [];
  const client = createHttpClient({ allowPrivate: ["127.0.0.0/8"] });
  after(() => client.close());
  afterEach(async () => {
    log.length = 0;
    for (const server of opened.splice(0)) await server.close();
  });
  return {
    log,
    client,
    open(options = {}) {
      const metrics = createMetricsRegistry({ name: "test", version: "1.2.3" });
      const server = createServer({ name: "test", metrics, logger, ...options });
      opened.push(server);
      return server;
    },
  };
}

/** Sends bytes as they are; resolves with what came back once the server hangs up. */
export function talk(url: string, ...parts: string[]): { socket: Socket; answer: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = "";
  const { promise: answer, resolve } = Promise.withResolvers<string>();
  socket.on("data", (chunk) => {
    received += chunk.toString();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => resolve(received));
  for (const part of parts) socket.write(part);
  return { socket, answer };
}
