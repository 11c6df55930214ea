import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Answer } from "./call.ts";
import { errorXml, refusalOf } from "./errors.ts";
import { documentOf, XML_HEAD, type Xml } from "./xml/write.ts";

export interface Patience {
  /** How long an answer may take before its caller is shown that somebody works on it, milliseconds. */
  readonly quietMs: number;
  /** Between two blanks after that, milliseconds. */
  readonly blankMs: number;
}

const PATIENCE: Patience = { quietMs: 10_000, blankMs: 5_000 };

/**
 * The answer to work that may last. After some seconds it begins, with status 200, and blanks keep the connection alive; what
 * goes wrong after that stands in the body, as S3 has it, where clients look for it.
 */
export async function lastingAnswer(
  work: Promise<Xml>,
  signal: AbortSignal,
  patience: Patience = PATIENCE,
): Promise<S3Answer> {
  const headers = { "content-type": "application/xml" };
  const late = Symbol("late");
  const waited = new AbortController();
  const timer = sleep(patience.quietMs, late, { signal: waited.signal }).catch(() => late);
  const first = await Promise.race([work, timer]).finally(() => waited.abort());
  if (typeof first !== "symbol") return { status: 200, headers, body: documentOf(first) };
  return {
    status: 200,
    headers,
    body: Readable.from(blanksUntil(work, signal, patience), { objectMode: false }),
  };
}

async function* blanksUntil(
  work: Promise<Xml>,
  signal: AbortSignal,
  { blankMs }: Patience,
): AsyncGenerator<string> {
  const ended = work.then(
    ({ text }) => text,
    (error: unknown) => errorXml(refusalOf(error)).text,
  );
  yield XML_HEAD;
  while (!signal.aborted) {
    const text = await Promise.race([ended, sleep(blankMs, undefined, { ref: false })]);
    if (text !== undefined) {
      yield text;
      return;
    }
    yield " ";
  }
}
