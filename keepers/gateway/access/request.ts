import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "../refusal.ts";

/** A request as its signature sees it. */
export interface SignableRequest {
  readonly method: string;
  /** Path as it was sent, without the query. */
  readonly rawPath: string;
  /** Decoded, in the order in which they were sent. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: IncomingHttpHeaders;
}

/** @param url path and query as they were sent @throws Refusal InvalidURI */
export function signableOf(method: string, url: string, headers: IncomingHttpHeaders): SignableRequest {
  const at = url.indexOf("?");
  const rawPath = at < 0 ? url : url.slice(0, at);
  const query = at < 0 ? [] : url.slice(at + 1).split("&");
  return {
    ...{ method, rawPath, headers },
    query: query.filter((part) => part !== "").map(parseParameter),
  };
}

/** @throws Refusal InvalidURI */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new Refusal("InvalidURI", "the URI is not UTF-8, percent-encoded", {}, cause);
  }
}

/** One value of a header. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  // The name may come from the request too, and an object has more names than its own.
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(",") : value;
}

function parseParameter(part: string): readonly [string, string] {
  const at = part.indexOf("=");
  const [name, value] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
  return [decode(name.replaceAll("+", " ")), decode(value.replaceAll("+", " "))];
}
