import { createServer as createListener, type RequestListener, type Server } from "node:http";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { FatalError } from "../errors.ts";
import { bareHost, isLoopback } from "./addresses.ts";
import { addSigner } from "./authentication.ts";
import { addBodyParsers } from "./bodies.ts";
import { createClientErrorHandler } from "./clientErrors.ts";
import { addConnectionLimits } from "./connections.ts";
import { addCrossOrigin } from "./crossOrigin.ts";
import { addErrorHandler } from "./errorHandler.ts";
import { getMetrics, type HttpMetrics } from "./metrics.ts";
import { addProbes, type Probes, type Readiness, type StatusReport } from "./probes.ts";
import { createStatusTable, type StatusTable } from "./problem.ts";
import { createRateLimitHook, type RateLimit } from "./rateLimit.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** Where a role adds what it tells at /ready and /status. */
    readonly probes: Probes;
    /** Where a role gives its error codes an HTTP status. */
    readonly statuses: StatusTable;
    /** Listens at the configured address; resolves with the base URL. Routes must be added before. */
    serve(): Promise<string>;
  }
}

export interface ServerOptions {
  readonly name: string;
  /** Loopback by default; any other needs `exposed`. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  /** Allows a host that other machines can reach. */
  readonly exposed?: boolean;
  /** Host names that may be asked for besides loopback ones, when a proxy on this machine stands in front. */
  readonly hostNames?: readonly string[];
  /** Origins whose pages may ask this server from a browser; none by default. See `addCrossOrigin`. */
  readonly origins?: readonly string[];
  /** Largest request body, bytes; a route may set its own. */
  readonly bodyLimit?: number;
  readonly maxConnections?: number;
  /** Of one address; a proxy in front needs as many as all that it lets in. */
  readonly maxConnectionsPerAddress?: number;
  readonly timeouts?: Partial<ServerTimeouts>;
  readonly rateLimit?: RateLimit;
  readonly ready?: Readiness;
  readonly status?: StatusReport;
  readonly metrics: Registry;
  readonly logger: Logger;
}

/** Milliseconds. */
export interface ServerTimeouts {
  /** To the end of a request's headers. */
  readonly headers: number;
  /** To the end of a request's body. */
  readonly request: number;
  /** From the end of an answer until the peer has taken it. */
  readonly answer: number;
  /** Silence on a connection in either direction. */
  readonly idle: number;
  /** Between two requests on one connection. */
  readonly keepAlive: number;
}

const DEFAULTS = {
  host: "127.0.0.1",
  port: 0,
  bodyLimit: 1024 * 1024,
  maxConnections: 1024,
  maxConnectionsPerAddress: 256,
} as const;
const TIMEOUTS: ServerTimeouts = {
  headers: 10_000,
  request: 60_000,
  answer: 60_000,
  idle: 300_000,
  keepAlive: 30_000,
};
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * A keeper's HTTP server, with probes and problem documents; it listens once `serve` is called.
 * @throws FatalError http/exposed for a host beyond loopback without `exposed`
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const settings = { ...DEFAULTS, ...options };
  const { name, host, port, bodyLimit, maxConnections, maxConnectionsPerAddress: perAddress } = settings;
  if (!isLoopback(host) && options.exposed !== true) throw exposedHost(host);
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const metrics = getMetrics(options.metrics);
  const server = fastify({
    ...listenerOptions(timeouts),
    bodyLimit,
    clientErrorHandler: createClientErrorHandler(metrics),
    ...logging(options),
  });
  server.server.maxConnections = maxConnections;
  addConnectionLimits(server, { perAddress, answerMs: timeouts.answer }, metrics);
  const statuses = createStatusTable();
  server.decorate("statuses", statuses);
  addBodyParsers(server);
  addSigner(server);
  if (options.exposed !== true) addHostCheck(server, options.hostNames ?? []);
  // Before anything is refused: a page is told nothing of an answer without it.
  addCrossOrigin(server, options.origins ?? []);
  addErrorHandler(server, statuses, metrics);
  addMeasurement(server, metrics);
  if (options.rateLimit !== undefined) server.addHook("onRequest", createRateLimitHook(options.rateLimit));
  const probes = addProbes(server, name, options.metrics);
  if (options.ready !== undefined) probes.addReadiness(name, options.ready);
  if (options.status !== undefined) probes.addStatus("keeper", options.status);
  server.decorate("probes", probes);
  server.decorate("serve", () => server.listen({ host, port }));
  return server;
}

function listenerOptions(timeouts: ServerTimeouts) {
  return {
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 256 },
    serverFactory: (handler: RequestListener) => listener(handler, timeouts),
  } as const;
}

function listener(handler: RequestListener, timeouts: ServerTimeouts): Server {
  const options = {
    headersTimeout: timeouts.headers,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
    // Node looks for late requests this often.
    connectionsCheckingInterval: Math.min(1_000, timeouts.headers),
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = createListener(options, (request, response) => {
    // What a connection that was ended has asked before goes unheard: one read may hold a thousand requests.
    if (!request.socket.destroyed) handler(request, response);
  });
  server.setTimeout(timeouts.idle);
  return server;
}

/** Requests are logged by route and status only: URLs, headers and bodies stay out. */
function logging(options: ServerOptions) {
  const logController = new LogController({ disableRequestLogging: true });
  return { loggerInstance: options.logger as FastifyBaseLogger, logController };
}

function addMeasurement(server: FastifyInstance, metrics: HttpMetrics): void {
  server.addHook("onRequest", async (request) => {
    metrics.requestsInFlight.inc();
    request.whenGone(() => metrics.requestsInFlight.dec());
  });
  server.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    metrics.requestDuration.observe(labels, reply.elapsedTime / 1000);
    request.log.debug({ ...labels, ms: Math.round(reply.elapsedTime) }, "answered");
  });
}

/** A web page whose name was pointed at this machine must not talk to a loopback server through a browser. */
function addHostCheck(server: FastifyInstance, hostNames: readonly string[]): void {
  const known = new Set(hostNames.map((hostName) => hostName.toLowerCase()));
  server.addHook("onRequest", async (request) => {
    const asked = bareHost(request.hostname).toLowerCase();
    if (isLoopback(asked) || known.has(asked)) return;
    throw new FatalError(
      "http/misdirected",
      `this server does not answer for the host "${asked.slice(0, 128)}"`,
      {
        host: asked.slice(0, 128),
      },
    );
  });
}

function exposedHost(host: string): FatalError {
  return new FatalError(
    "http/exposed",
    `refusing to listen on ${host}, which other machines can reach; say so explicitly (exposed) or use 127.0.0.1`,
    { host },
  );
}
