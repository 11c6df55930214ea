import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { FatalError, MyceliaError } from "../errors.ts";
import type { HttpMetrics } from "./metrics.ts";
import { describe, type Problem, type StatusTable, toJson, toProblem } from "./problem.ts";

/** Fastify's own refusals in our words. */
const FASTIFY_CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "http/body-too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "http/unsupported-media-type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "http/bad-content-length",
  FST_ERR_CTP_EMPTY_JSON_BODY: "http/bad-json",
  FST_ERR_CTP_INVALID_JSON_BODY: "http/bad-json",
  FST_ERR_VALIDATION: "http/invalid",
};

/** Answers every error with a problem document; what is not meant for the caller stays in the log. */
export function addErrorHandler(server: FastifyInstance, statuses: StatusTable, metrics: HttpMetrics): void {
  const answer = (reply: FastifyReply, problem: Problem) => {
    metrics.refusals.inc({ code: problem.code });
    if (problem.status === 401) reply.header("www-authenticate", "Mycelia");
    return reply.code(problem.status).type("application/problem+json").send(toJson(problem));
  };
  server.setErrorHandler((error: FastifyError | MyceliaError, request, reply) => {
    const problem = problemOf(error, statuses);
    log(request, error, problem);
    return answer(reply, problem);
  });
  // Nobody waits for a body that nobody wants.
  server.addHook("onRequest", async (request) => {
    if (request.is404) throw notFound(request);
  });
  server.setNotFoundHandler((request) => {
    throw notFound(request);
  });
}

function notFound(request: FastifyRequest): FatalError {
  const path = request.url.split("?", 1)[0] ?? "";
  return new FatalError("http/not-found", `there is no ${request.method} ${path.slice(0, 128)}`);
}

function problemOf(error: FastifyError | MyceliaError, statuses: StatusTable): Problem {
  if (error instanceof MyceliaError) return toProblem(error, statuses.statusOf(error));
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    return describe(FASTIFY_CODES[error.code] ?? "http/bad-request", status, error.message, false);
  }
  if (status === 503) return describe("http/unavailable", 503, "the server is closing", true);
  return describe(
    "http/internal",
    500,
    "the server failed; its log has the reason under this request's id",
    false,
  );
}

function log(request: FastifyRequest, err: unknown, problem: Problem): void {
  const route = request.routeOptions.url;
  if (problem.status >= 500 && !problem.retry) request.log.error({ err, route }, "request failed");
  else request.log.debug({ code: problem.code, status: problem.status, route }, "request refused");
}
