import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { describe, toJson } from "./problem.ts";

/** True, or why not yet. */
export type Readiness = () => Promise<true | string>;
export type StatusReport = () => Promise<object>;

/** What a role tells about itself under /ready and /status. */
export interface Probes {
  /** The server is ready when every check says true. */
  addReadiness(name: string, check: Readiness): void;
  /** Shown under `name` at /status; bigints and bytes are fine. */
  addStatus(name: string, report: StatusReport): void;
}

/** Adds /health (the process runs), /ready (it can do its work), /status (what it knows) and /metrics. */
export function addProbes(server: FastifyInstance, name: string, registry: Registry): Probes {
  const checks = new Map<string, Readiness>();
  const reports = new Map<string, StatusReport>();
  server.get("/health", async () => ({ status: "ok", name }));
  server.get("/ready", async (_request, reply) => {
    const missing = await unready(checks);
    if (missing.length === 0) return { ready: true };
    const problem = describe("http/unavailable", 503, missing.join("; "), true);
    return reply.code(503).type("application/problem+json").send(JSON.stringify(problem));
  });
  server.get("/status", async (_request, reply) => {
    const entries = await Promise.all(
      [...reports].map(async ([key, report]) => [key, await told(report)] as const),
    );
    return reply.type("application/json").send(toJson({ name, ...Object.fromEntries(entries) }));
  });
  server.get("/metrics", async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  return {
    addReadiness: (key, check) => void checks.set(key, check),
    addStatus: (key, report) => void reports.set(key, report),
  };
}

/** One report that fails must not hide the others: this page is read when something is wrong. */
async function told(report: StatusReport): Promise<object> {
  try {
    return await report();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function unready(checks: ReadonlyMap<string, Readiness>): Promise<string[]> {
  const answers = await Promise.all(
    [...checks].map(async ([key, check]) => {
      const answer = await check().catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
      return answer === true ? undefined : `${key}: ${answer}`;
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}
