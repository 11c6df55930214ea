import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** S3's code of an error; empty when there is none. */
  readonly code: string;
}

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after the other. */
  readonly body?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Sends a request just as it is given. */
export async function send({ method, url, headers, body = [] }: RawRequest): Promise<RawAnswer> {
  const outgoing = request(url, { method, headers });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let isAnswered = false;
  outgoing.once("response", (answer) => {
    isAnswered = true;
    resolve(answer);
  });
  outgoing.on("error", reject);
  for await (const piece of body) {
    if (isAnswered || outgoing.destroyed) break;
    if (!outgoing.write(piece)) await sleep(1);
  }
  outgoing.end();
  const answer = await promise;
  let text = "";
  for await (const piece of answer) text += String(piece);
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? "";
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: text, code };
}
