import type { FastifyInstance, FastifyReply } from "fastify";
import { FatalError } from "../errors.ts";
import { bareHost, isLoopback } from "./addresses.ts";

/** Pages that this machine serves, from whatever port. */
const OWN_PAGES = "loopback";
const ANY = "*";
const METHODS = "GET, PUT, POST, DELETE";
/** How long a browser remembers what it was allowed, seconds. */
const REMEMBERED_S = "600";
/** What is for the operator stays out of the reach of pages. */
const OPERATORS: ReadonlySet<string> = new Set(["/metrics", "/status"]);
/** Names of headers, as a browser lists them. */
const HEADER_LIST = /^[a-z0-9-]+(, ?[a-z0-9-]+)*$/i;

/**
 * Lets pages of these origins ask this server from a browser (CORS), and no others. Nothing that a browser keeps of its user
 * goes along: whoever writes signs each request.
 * @param origins "https://app.example", "loopback" for pages of this machine, "*" for all; none by default
 * @throws FatalError http/bad-origin
 */
export function addCrossOrigin(server: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allows = createOriginRule(origins);
  server.addHook("onRequest", async (request, reply) => {
    const { origin } = request.headers;
    const [path = ""] = request.url.split("?");
    if (OPERATORS.has(path)) return;
    // A cache must not hand one page what another was told.
    void reply.header("vary", "origin");
    if (origin === undefined || !allows(origin)) return;
    void reply.header("access-control-allow-origin", origin);
    if (request.method !== "OPTIONS") {
      void reply.header("access-control-expose-headers", "*");
      return;
    }
    if (request.headers["access-control-request-method"] !== undefined) return await answerAhead(reply);
  });
}

/** Answers what a browser asks before it sends anything that a form could not. */
async function answerAhead(reply: FastifyReply): Promise<FastifyReply> {
  const wanted = String(reply.request.headers["access-control-request-headers"] ?? "");
  if (HEADER_LIST.test(wanted)) void reply.header("access-control-allow-headers", wanted);
  if (reply.request.headers["access-control-request-private-network"] === "true")
    void reply.header("access-control-allow-private-network", "true");
  void reply.header("access-control-allow-methods", METHODS);
  void reply.header("access-control-max-age", REMEMBERED_S);
  return await reply.code(204).send();
}

function createOriginRule(origins: readonly string[]): (origin: string) => boolean {
  for (const origin of origins) if (!isOrigin(origin)) throw badOrigin(origin);
  const known = new Set(origins);
  if (known.has(ANY)) return () => true;
  return (origin) => known.has(origin) || (known.has(OWN_PAGES) && isOwnPage(origin));
}

function isOrigin(text: string): boolean {
  if (text === ANY || text === OWN_PAGES) return true;
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function isOwnPage(origin: string): boolean {
  return URL.canParse(origin) && isLoopback(bareHost(new URL(origin).hostname));
}

function badOrigin(origin: string): FatalError {
  return new FatalError(
    "http/bad-origin",
    `"${origin.slice(0, 128)}" is no origin of a page: give its scheme, host and port as browsers do ("https://app.example"), "loopback" or "*"`,
    { origin: origin.slice(0, 128) },
  );
}
