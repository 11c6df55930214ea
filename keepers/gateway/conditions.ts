import type { IncomingHttpHeaders } from "node:http";
import { headerOf } from "./access/request.ts";
import type { ObjectRecord } from "./names/names.ts";
import { Refusal } from "./refusal.ts";

/** What a condition is about. */
export interface Version {
  readonly etag: string;
  /** Milliseconds since 1970; undefined for what has no time. */
  readonly modified: number | undefined;
}

/** An object's tag, in its quotes: the root, so that whoever knows it can check what it reads. */
export function etagOf({ objectRoot }: Pick<ObjectRecord, "objectRoot">): string {
  return `"${objectRoot}"`;
}

/**
 * Holds a read against its conditions (RFC 9110, 13.2.2).
 * @param prefix "x-amz-copy-source-" for the conditions of a copy
 * @throws Refusal PreconditionFailed, NotModified
 */
export function requireReadable(headers: IncomingHttpHeaders, version: Version, prefix = ""): void {
  const of = (name: string) => headerOf(headers, prefix + name);
  const match = of("if-match");
  const noneMatch = of("if-none-match");
  if (match !== undefined) {
    if (!matches(match, version.etag)) throw failed("If-Match");
  } else if (isAfter(version, of("if-unmodified-since")) === true) throw failed("If-Unmodified-Since");
  const unchanged =
    noneMatch !== undefined
      ? matches(noneMatch, version.etag)
      : isAfter(version, of("if-modified-since")) === false;
  if (!unchanged) return;
  if (prefix !== "") throw failed("the condition on the source");
  throw new Refusal("NotModified", "the object is as it was");
}

/** The condition of a write on what stands there; undefined when it has none. */
export function writeCondition(
  headers: IncomingHttpHeaders,
): ((current: ObjectRecord | undefined) => void) | undefined {
  const match = headerOf(headers, "if-match");
  const noneMatch = headerOf(headers, "if-none-match");
  if (match === undefined && noneMatch === undefined) return undefined;
  return (current) => {
    if (match !== undefined && current === undefined)
      throw new Refusal("NoSuchKey", "there is no object of this key to match");
    const etag = current && etagOf(current);
    if (match !== undefined && !matches(match, etag)) throw failed("If-Match");
    if (noneMatch !== undefined && matches(noneMatch, etag)) throw failed("If-None-Match");
  };
}

function matches(list: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  if (list.trim() === "*") return true;
  return list
    .split(",")
    .some((tag) => tag.trim().replace(/^W\//, "").replace(/^"|"$/g, "") === etag.slice(1, -1));
}

/** Whether it was changed after a date of HTTP, which has whole seconds; undefined when there is none to compare. */
function isAfter({ modified }: Version, date: string | undefined): boolean | undefined {
  const time = Date.parse(date ?? "");
  if (modified === undefined || Number.isNaN(time)) return undefined;
  return Math.floor(modified / 1000) * 1000 > time;
}

function failed(condition: string): Refusal {
  return new Refusal("PreconditionFailed", `${condition} does not hold for what is stored`, { condition });
}
