import type { Names, ObjectRecord } from "./names/names.ts";

export interface ListingOrder {
  readonly prefix: string;
  /** Keys that share a part up to this, behind the prefix, are told as one. */
  readonly delimiter: string | undefined;
  /** Everything up to this is left out: a key, or a common prefix with all that it stands for. */
  readonly after: string | undefined;
  /** Keys and common prefixes at most. */
  readonly limit: number;
}

export interface Listing {
  readonly objects: readonly (readonly [key: string, record: ObjectRecord])[];
  readonly commonPrefixes: readonly string[];
  /** The last that was told, when there are more. */
  readonly next: string | undefined;
}

/** A page of a bucket's keys. What lies behind a common prefix is stepped over, not read. */
export async function list(
  names: Pick<Names, "scan">,
  bucket: string,
  { prefix, delimiter, after, limit }: ListingOrder,
): Promise<Listing> {
  const objects: [string, ObjectRecord][] = [];
  const commonPrefixes: string[] = [];
  const page = (next: string | undefined): Listing => ({ objects, commonPrefixes, next });
  if (limit === 0) return page(undefined);
  let last = after;
  let from = after === undefined ? prefix : firstBehind(after, prefix, delimiter);
  while (from !== undefined) {
    const most = limit - objects.length - commonPrefixes.length + 1;
    const step: Run = await readRun(names, bucket, { prefix, delimiter, from, most });
    for (const entry of step.objects) {
      if (objects.length + commonPrefixes.length === limit) return page(last);
      objects.push(entry);
      [last] = entry;
    }
    if (step.common === undefined) {
      if (step.isAtEnd) return page(undefined);
      from = `${last}\0`;
      continue;
    }
    if (objects.length + commonPrefixes.length === limit) return page(last);
    commonPrefixes.push(step.common);
    last = step.common;
    from = successorOf(step.common);
  }
  return page(undefined);
}

interface Run {
  readonly objects: readonly [string, ObjectRecord][];
  /** Common prefix of the key that ended the run. */
  readonly common: string | undefined;
  readonly isAtEnd: boolean;
}

interface RunOrder extends Pick<ListingOrder, "prefix" | "delimiter"> {
  /** First key, inclusive. */
  readonly from: string;
  /** Keys at most. */
  readonly most: number;
}

/** Keys up to the first one that stands behind a delimiter. */
async function readRun(
  names: Pick<Names, "scan">,
  bucket: string,
  { prefix, delimiter, from, most }: RunOrder,
): Promise<Run> {
  const objects: [string, ObjectRecord][] = [];
  for await (const [key, record] of names.scan(bucket, { prefix, from })) {
    const common = commonPrefix(key, prefix, delimiter);
    if (common !== undefined) return { objects, common, isAtEnd: false };
    objects.push([key, record]);
    if (objects.length === most) return { objects, common: undefined, isAtEnd: false };
  }
  return { objects, common: undefined, isAtEnd: true };
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function firstBehind(after: string, prefix: string, delimiter: string | undefined): string | undefined {
  const isCommon = after.startsWith(prefix) && commonPrefix(after, prefix, delimiter) === after;
  return isCommon ? successorOf(after) : `${after}\0`;
}

/** The first text behind all that begin with a prefix, by code points, which is the order of UTF-8; undefined when there is none. */
function successorOf(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0)!;
    if (point === 0x10ffff) continue;
    // Surrogates are no code points of their own.
    return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}
