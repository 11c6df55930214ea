import { ArrivingBody } from "../runtime/http/arrivingBody.ts";
import { HttpError } from "../runtime/http/errors.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../runtime/http/exchange.ts";
import { checkUrl, MAX_PROBLEM_BYTES, redirected, statusError, tooLarge } from "../runtime/http/outcomes.ts";

export interface FetchClientOptions {
  /** Whole-request limit where the request sets none, milliseconds. */
  readonly timeoutMs?: number;
  /** Response size limit where the request sets none, bytes. */
  readonly maxBytes?: number;
}

type Limits = HttpRequest & Required<FetchClientOptions>;

/**
 * The way out of a page: http(s) only, redirects refused, size and time limits, and nothing of what the browser keeps for its
 * user goes along. Which addresses a page may reach is the browser's own to guard.
 */
export function createFetchClient({
  timeoutMs = 30_000,
  maxBytes = 8 * 1024 * 1024,
}: FetchClientOptions = {}): HttpClient {
  const closed = new AbortController();
  return {
    request: (url, request = {}) => send(checkUrl(url), { timeoutMs, maxBytes, ...request }, closed.signal),
    async close() {
      closed.abort(new HttpError("http/closed", "the HTTP client is closed", { retry: false }));
    },
  };
}

async function send(url: URL, request: Limits, closed: AbortSignal): Promise<HttpResponse> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const stops = [closed, deadline, ...(request.signal ? [request.signal] : [])];
  try {
    const answer = await fetch(url, {
      method: request.method ?? "GET",
      headers: { ...request.headers },
      body: bodyOf(request),
      signal: AbortSignal.any(stops),
      redirect: "manual",
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    return await receive(answer, url, request.maxBytes);
  } catch (error) {
    request.signal?.throwIfAborted();
    closed.throwIfAborted();
    throw error instanceof HttpError ? error : failure(error, url, deadline.aborted && request.timeoutMs);
  }
}

/** As a Blob: Chromium takes a large array of bytes in pieces, at a tenth of the speed. */
function bodyOf({ body }: HttpRequest): BodyInit | null {
  return body instanceof Uint8Array ? new Blob([body as Uint8Array<ArrayBuffer>]) : (body ?? null);
}

async function receive(answer: Response, url: URL, maxBytes: number): Promise<HttpResponse> {
  // A browser doesn't say where to, nor with which status.
  if (answer.type === "opaqueredirect") throw redirected(url);
  const { status } = answer;
  const headers = Object.fromEntries(answer.headers);
  if (status < 400) return { status, headers, body: await readBody(answer, url, maxBytes) };
  const body = await readBody(answer, url, MAX_PROBLEM_BYTES).catch(() => undefined);
  throw statusError(url, status, headers["content-type"], body);
}

async function readBody(answer: Response, url: URL, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(answer.headers.get("content-length") ?? 0) || 0;
  if (announced > maxBytes) {
    await answer.body?.cancel();
    throw tooLarge(url, maxBytes);
  }
  const arriving = new ArrivingBody(Math.max(0, announced), maxBytes);
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    if (arriving.length + part.value.length > maxBytes) {
      await reader?.cancel();
      throw tooLarge(url, maxBytes);
    }
    arriving.add(part.value);
  }
  return arriving.bytes;
}

/** @param expiredMs the limit that has passed, if one has */
function failure(cause: unknown, url: URL, expiredMs: number | false): HttpError {
  const place = url.origin + url.pathname;
  if (expiredMs !== false)
    return new HttpError("http/timeout", `${place} did not answer within ${expiredMs} ms`, {
      ...{ retry: true, details: { url: place, timeoutMs: expiredMs }, cause },
    });
  // A browser gives no reason, so that pages learn nothing of what they may not reach.
  const why =
    "it is down, or does not let this page ask (http.origins), or the page came over https and it has none";
  return new HttpError("http/network", `${place} can't be reached: ${why}`, {
    ...{ retry: true, details: { url: place }, cause },
  });
}
