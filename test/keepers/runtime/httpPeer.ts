import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createHttpClient } from "../../../keepers/runtime/http/client.ts";
import { HttpError } from "../../../keepers/runtime/http/errors.ts";
import type { HttpClient } from "../../../keepers/runtime/http/exchange.ts";

export const LOOPBACK = ["127.0.0.0/8", "::1"];

/** A server on this machine that answers as a test wants, and a client that may reach it. */
export interface Peer {
  server: Server;
  client: HttpClient;
  base: string;
  port: number;
  handler: RequestListener;
  /** How many requests it has seen. */
  requests: number;
}

/** A new peer for every test. */
export function setUpPeer(): Peer {
  const peer = {} as Peer;

  beforeEach(async () => {
    peer.requests = 0;
    peer.handler = (_request, response) => void response.end("hello");
    peer.server = createServer((request, response) => {
      peer.requests++;
      peer.handler(request, response);
    });
    await new Promise<void>((done) => peer.server.listen(0, "127.0.0.1", done));
    peer.port = (peer.server.address() as AddressInfo).port;
    peer.base = `http://127.0.0.1:${peer.port}`;
    peer.client = createHttpClient({ allowPrivate: LOOPBACK });
  });

  afterEach(async () => {
    await peer.client.close();
    peer.server.closeAllConnections();
    await new Promise((done) => peer.server.close(done));
  });

  return peer;
}

/** What an attempt failed with. */
export async function failure(attempt: Promise<unknown>): Promise<HttpError> {
  const error = await attempt.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).instanceOf(HttpError);
  return error as HttpError;
}
