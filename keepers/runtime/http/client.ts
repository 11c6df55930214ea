import type { LookupFunction } from "node:net";
import { Agent, type Dispatcher } from "undici";
import { type AllowedAddresses, createAddressRule } from "./addresses.ts";
import { ArrivingBody } from "./arrivingBody.ts";
import { createGuardedConnector } from "./connector.ts";
import { HttpError } from "./errors.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./exchange.ts";
import { checkUrl, MAX_PROBLEM_BYTES, redirected, statusError, tooLarge } from "./outcomes.ts";
import { mapTransportError } from "./transportErrors.ts";

export interface HttpClientOptions {
  /** Private ranges that may be reached: none by default, all with `true`, or those listed. */
  readonly allowPrivate?: AllowedAddresses;
  /** Whole-request limit where the request sets none, milliseconds. */
  readonly timeoutMs?: number;
  /** Response size limit where the request sets none, bytes. */
  readonly maxBytes?: number;
  /** Connections, and so requests at once, to one origin. */
  readonly connectionsPerOrigin?: number;
  /** Requests to one origin that run or wait; more are refused with http/busy. */
  readonly pendingPerOrigin?: number;
  /** Origins with open connections at once. */
  readonly maxOrigins?: number;
  readonly lookup?: LookupFunction;
}

const DEFAULTS = {
  allowPrivate: false,
  timeoutMs: 30_000,
  maxBytes: 8 * 1024 * 1024,
  connectionsPerOrigin: 16,
  pendingPerOrigin: 512,
  maxOrigins: 1024,
} as const;

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * The guarded client: private address ranges are refused, also after DNS, unless the configuration allows them.
 * @throws FatalError http/bad-range for a range in `allowPrivate` that can't be read.
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const settings = { ...DEFAULTS, ...options };
  const agent = new Agent({
    connect: createGuardedConnector({
      allows: createAddressRule(settings.allowPrivate),
      lookup: options.lookup,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    }),
    connections: settings.connectionsPerOrigin,
    pipelining: 1,
    maxOrigins: settings.maxOrigins,
    maxHeaderSize: MAX_HEADER_BYTES,
    allowH2: false,
  });
  const pending = new Map<string, number>();
  return {
    async request(url, request = {}) {
      const target = checkUrl(url);
      const waiting = pending.get(target.origin) ?? 0;
      if (waiting >= settings.pendingPerOrigin) throw busy(target.origin, waiting);
      pending.set(target.origin, waiting + 1);
      try {
        return await send(agent, target, {
          timeoutMs: settings.timeoutMs,
          maxBytes: settings.maxBytes,
          ...request,
        });
      } finally {
        release(pending, target.origin);
      }
    },
    close: () => agent.destroy(),
  };
}

type Limits = HttpRequest & { readonly timeoutMs: number; readonly maxBytes: number };

async function send(agent: Agent, url: URL, request: Limits): Promise<HttpResponse> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
  try {
    request.signal?.throwIfAborted();
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method ?? "GET",
      headers: { ...request.headers },
      body: request.body ?? null,
      signal,
      headersTimeout: request.timeoutMs,
      bodyTimeout: request.timeoutMs,
    });
    return await receive(answer, url, request.maxBytes);
  } catch (error) {
    if (request.signal?.aborted === true) throw request.signal.reason;
    throw mapTransportError(error, url, deadline.aborted ? request.timeoutMs : undefined);
  }
}

async function receive(answer: Dispatcher.ResponseData, url: URL, maxBytes: number): Promise<HttpResponse> {
  const status = answer.statusCode;
  // Leaving a body early makes it emit an error; nobody listens then, and it says nothing new.
  answer.body.on("error", () => undefined);
  const headers = flatten(answer.headers);
  if (status >= 300 && status < 400) {
    answer.body.destroy();
    throw redirected(url, status);
  }
  const announced = headers["content-length"];
  if (status >= 400) {
    // Read in any case, so that the connection can be used again.
    const body = await readBody(answer.body, url, MAX_PROBLEM_BYTES, announced).catch(() => undefined);
    throw statusError(url, status, headers["content-type"], body);
  }
  return { status, headers, body: await readBody(answer.body, url, maxBytes, announced) };
}

async function readBody(
  body: Dispatcher.ResponseData["body"],
  url: URL,
  maxBytes: number,
  announced: string | undefined,
): Promise<Uint8Array> {
  if (announced !== undefined && Number(announced) > maxBytes) {
    body.destroy();
    throw tooLarge(url, maxBytes);
  }
  const arriving = new ArrivingBody(Math.max(0, Number(announced ?? 0) || 0), maxBytes);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    // Leaving the loop destroys the body, and with it the connection.
    if (arriving.length + chunk.length > maxBytes) throw tooLarge(url, maxBytes);
    arriving.add(chunk);
  }
  return arriving.bytes;
}

function flatten(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

function release(pending: Map<string, number>, origin: string): void {
  const left = (pending.get(origin) ?? 1) - 1;
  if (left === 0) pending.delete(origin);
  else pending.set(origin, left);
}

function busy(origin: string, waiting: number): HttpError {
  return new HttpError("http/busy", `${waiting} requests to ${origin} are running or waiting already`, {
    retry: true,
    details: { origin, waiting },
  });
}
