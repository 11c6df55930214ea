import type { Socket } from "node:net";
import type { HttpMetrics } from "./metrics.ts";
import { describe, type Problem, toJson } from "./problem.ts";

const LINES: Readonly<Record<number, string>> = {
  400: "400 Bad Request",
  408: "408 Request Timeout",
  431: "431 Request Header Fields Too Large",
};

/** Answers what never became a request: too late, too large, or no HTTP. The connection ends with it. */
export function createClientErrorHandler(metrics: HttpMetrics) {
  return (error: Error & { readonly code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || socket.destroyed) return;
    const problem = problemOf(error.code);
    metrics.refusals.inc({ code: problem.code });
    const body = toJson(problem);
    if (socket.writable) {
      const head = `HTTP/1.1 ${LINES[problem.status]}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
      socket.write(head + body);
    }
    socket.destroy();
  };
}

function problemOf(code: string | undefined): Problem {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return describe("http/timeout", 408, "the request did not come to its end in time", true);
  if (code === "HPE_HEADER_OVERFLOW")
    return describe("http/headers-too-large", 431, "the headers are larger than this server reads", false);
  return describe("http/bad-request", 400, "this is no HTTP/1.1 request", false);
}
