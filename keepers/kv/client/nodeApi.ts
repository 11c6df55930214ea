import { hexlify } from "ethers";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { HttpError } from "../../runtime/http/errors.ts";
import type { HttpClient } from "../../runtime/http/exchange.ts";
import { textOf } from "../../runtime/platform/bytes.ts";
import { parseAnswer } from "../format/answers.ts";
import type { PageOptions, ReadOptions, ReadValue } from "./kvTypes.ts";

const TIMEOUT_MS = 30_000;
/** 4 MiB of values and the one that passes them, as base64, and their names. */
const MOST_BYTES = 8 * 1024 * 1024;

/** What nodes are asked; each call goes to the first node that answers. */
export type NodeApi = ReturnType<typeof createNodeApi>;

export function createNodeApi(http: HttpClient, nodes: readonly string[]) {
  const ask = async <T>(
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    parse: (json: unknown) => T,
    signal: AbortSignal,
  ): Promise<T> => {
    let trouble: unknown = new FatalError("kv/no-node", "reading needs the URL of a KV node");
    for (const node of nodes) {
      try {
        const url = urlOf(node, path, query);
        const request = { timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES, signal };
        return parse(jsonIn((await http.request(url, request)).body));
      } catch (error) {
        signal.throwIfAborted();
        trouble = inOurWords(error);
      }
    }
    throw trouble;
  };
  return {
    stream: (id: string, signal: AbortSignal) => ask(`streams/${id}`, {}, parseAnswer.stream, signal),
    batch: (id: string, version: number, signal: AbortSignal) =>
      ask(`streams/${id}/batches/${version}`, {}, parseAnswer.batch, signal),
    forgeries: (id: string, signal: AbortSignal) =>
      ask(`streams/${id}/forgeries`, {}, parseAnswer.forgeries, signal),
    value: (id: string, key: Uint8Array, { at }: ReadOptions, signal: AbortSignal) =>
      ask(`streams/${id}/value`, { key: hexlify(key), at: wordOf(at) }, parseAnswer.value, signal),
    /** A value that was proven; a node whose answer `check` throws for has not answered. */
    proven: <T>(
      id: string,
      key: Uint8Array,
      at: number,
      check: (value: ReadValue) => T,
      signal: AbortSignal,
    ) => {
      const query = { key: hexlify(key), at: wordOf(at), proof: "true" };
      return ask(`streams/${id}/value`, query, (json) => check(parseAnswer.value(json)), signal);
    },
    page: (id: string, { prefix, from, reverse, limit, at }: PageOptions, signal: AbortSignal) => {
      const bounds = { prefix: prefix && hexlify(prefix), from: from && hexlify(from) };
      const query = { ...bounds, reverse: wordOf(reverse), limit: wordOf(limit), at: wordOf(at) };
      return ask(`streams/${id}/page`, query, parseAnswer.page, signal);
    },
  };
}

function urlOf(node: string, path: string, query: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(path, node.endsWith("/") ? node : `${node}/`);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

function wordOf(value: number | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch {
    return undefined;
  }
}

/** A node's own refusal under its own code, when it is one of ours. */
function inOurWords(error: unknown): unknown {
  if (!(error instanceof HttpError) || error.problem?.code.startsWith("kv/") !== true) return error;
  const { code, detail } = error.problem;
  return error.retry ? new RetryableError(code, detail, {}, error) : new FatalError(code, detail, {}, error);
}
