import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { FatalError } from "../errors.ts";
import { ArrivingBody } from "./arrivingBody.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The body's bytes as they came, before any parsing; undefined when there was none. */
    rawBody: Buffer | undefined;
  }
}

/** Room for a body that does not say how long it is; it grows with it. */
const FIRST_BYTES = 4_096;
/** Each piece costs time and memory of its own: a few may be as small as they like, the others are not under this. */
const MAX_SMALL_PIECES = 2_048;
const PIECE_BYTES = 256;
const BINARY = /^application\/(octet-stream|x-mycelia-[a-z0-9-]+)(;|$)/;

/**
 * Binary types come as a Buffer, JSON is parsed; both keep the exact bytes, which a signature covers.
 * Any other type is refused with 415.
 */
export function addBodyParsers(server: FastifyInstance): void {
  server.decorateRequest("rawBody", undefined);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(BINARY, async (request: FastifyRequest, payload: Readable) => {
    request.rawBody = await readBody(request, payload);
    return request.rawBody;
  });
  // Fastify's own parser drops __proto__ and constructor tricks.
  const parseJson = server.getDefaultJsonParser("error", "error");
  server.addContentTypeParser("application/json", async (request: FastifyRequest, payload: Readable) => {
    request.rawBody = await readBody(request, payload);
    const text = decodeUtf8(request.rawBody);
    if (text === undefined) throw new FatalError("http/bad-json", "the body is not UTF-8");
    return await new Promise<unknown>((resolve, reject) => {
      void parseJson(request, text, (error, parsed) => (error ? reject(error) : resolve(parsed)));
    });
  });
}

/** @throws FatalError http/body-too-large, http/too-many-pieces, http/bad-request */
function readBody(request: FastifyRequest, payload: Readable): Promise<Buffer> {
  const limit = request.routeOptions.bodyLimit;
  const declared = Number(request.headers["content-length"]);
  if (declared > limit) return Promise.reject(tooLarge(limit));
  const expected = Number.isNaN(declared) ? Math.min(limit, FIRST_BYTES) : declared;
  const arriving = new ArrivingBody(expected, limit);
  let pieces = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onData = (chunk: Buffer): void => {
    const end = arriving.length + chunk.length;
    const isTorn = ++pieces > MAX_SMALL_PIECES + end / PIECE_BYTES;
    if (end > limit || isTorn) {
      payload.off("data", onData);
      reject(isTorn ? tooManyPieces(pieces, end) : tooLarge(limit));
      return;
    }
    arriving.add(chunk);
  };
  payload.on("data", onData);
  payload.once("end", () => resolve(arriving.bytes));
  payload.once("error", () =>
    reject(new FatalError("http/bad-request", "the connection broke off in the body")),
  );
  payload.resume();
  return promise;
}

function tooManyPieces(pieces: number, bytes: number): FatalError {
  return new FatalError("http/too-many-pieces", `${bytes} bytes of a body came in ${pieces} pieces`, {
    pieces,
    bytes,
  });
}

function tooLarge(limit: number): FatalError {
  return new FatalError("http/body-too-large", `the body is larger than the ${limit} bytes taken here`, {
    limit,
  });
}

function decodeUtf8(body: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
