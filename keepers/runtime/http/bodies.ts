import type { FastifyInstance } from "fastify";
import { FatalError } from "../errors.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The body's bytes as they came, before any parsing; undefined when there was none. */
    rawBody: Buffer | undefined;
  }
}

const BINARY = /^application\/(octet-stream|x-mycelia-[a-z0-9-]+)(;|$)/;

/**
 * Binary types come as a Buffer, JSON is parsed; both keep the exact bytes, which a signature covers.
 * Any other type is refused with 415.
 */
export function addBodyParsers(server: FastifyInstance): void {
  server.decorateRequest("rawBody", undefined);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(BINARY, { parseAs: "buffer" }, (request, body: Buffer, done) => {
    request.rawBody = body;
    done(null, body);
  });
  // Fastify's own parser drops __proto__ and constructor tricks.
  const parseJson = server.getDefaultJsonParser("error", "error");
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    request.rawBody = body;
    const text = decodeUtf8(body);
    if (text === undefined) done(new FatalError("http/bad-json", "the body is not UTF-8"));
    else void parseJson(request, text, done);
  });
}

function decodeUtf8(body: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
