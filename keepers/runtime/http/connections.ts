import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { RetryableError } from "../errors.ts";
import { networkOf } from "./addresses.ts";
import type { HttpMetrics } from "./metrics.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Calls back once: when the answer is out, or the connection is gone. */
    whenGone(listener: () => void): void;
  }
}

export interface ConnectionLimits {
  /** Connections of one address (IPv6: of one /64). */
  readonly perAddress: number;
  /** From the end of an answer until the peer has taken it, milliseconds. */
  readonly answerMs: number;
}

/** Requests that a connection may have unanswered: what is read at once could otherwise ask for thousands of answers. */
const MAX_REQUESTS = 16;

/** Bounds what a peer can hold: connections of an address, requests of a connection, and how long an answer waits for it. */
export function addConnectionLimits(
  server: FastifyInstance,
  limits: ConnectionLimits,
  metrics: HttpMetrics,
): void {
  limitAddresses(server, limits.perAddress, metrics);
  addWhenGone(server);
  server.addHook("onSend", async (request, reply, payload) => {
    // A stream that nobody takes from stands still, and falls to the limit on silence.
    if (typeof payload !== "string" && !(payload instanceof Uint8Array)) return payload;
    const timer = setTimeout(() => request.raw.socket.destroy(), limits.answerMs);
    timer.unref();
    reply.raw.once("finish", () => clearTimeout(timer));
    request.whenGone(() => clearTimeout(timer));
    return payload;
  });
}

function limitAddresses({ server }: FastifyInstance, perAddress: number, metrics: HttpMetrics): void {
  const open = new Map<string, number>();
  server.prependListener("connection", (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? "");
    const count = (open.get(network) ?? 0) + 1;
    if (count > perAddress) {
      metrics.connectionsRefused.inc({ reason: "address" });
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once("close", () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  });
  server.on("drop", () => {
    metrics.connectionsRefused.inc({ reason: "total" });
    // Whoever comes again finds the place of somebody who asks nothing.
    server.closeIdleConnections();
  });
}

/** An answer that waits behind others is told of nothing when its connection breaks, so connections are watched themselves. */
function addWhenGone(server: FastifyInstance): void {
  const requests = new WeakMap<Socket, Set<() => void>>();
  const requestsOf = (socket: Socket): Set<() => void> => {
    const known = requests.get(socket);
    if (known !== undefined) return known;
    const unanswered = new Set<() => void>();
    requests.set(socket, unanswered);
    socket.once("close", () => {
      for (const leave of unanswered) leave();
    });
    return unanswered;
  };
  server.decorateRequest("whenGone");
  server.addHook("onRequest", async (request, reply) => {
    const { socket } = request.raw;
    const unanswered = requestsOf(socket);
    const listeners: (() => void)[] = [];
    const leave = (): void => {
      unanswered.delete(leave);
      for (const listener of listeners.splice(0)) listener();
    };
    unanswered.add(leave);
    reply.raw.once("close", leave);
    request.whenGone = (listener) => {
      if (unanswered.has(leave)) listeners.push(listener);
      else listener();
    };
    if (unanswered.size <= MAX_REQUESTS) return;
    socket.destroy();
    throw new RetryableError("http/too-many-requests", "one connection asks too much at once");
  });
}
