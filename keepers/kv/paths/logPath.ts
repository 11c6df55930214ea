import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, utf8 } from "../../runtime/platform/bytes.ts";
import { MAX_KEY_BYTES } from "../format/limits.ts";

/*
 * log://<cluster>/<path>/<version|latest>[/]
 * cluster  1 to 63 of a-z, 0-9 and "-", with no "-" at either end, as the contract Clusters has it
 * path     segments divided by "/", each 1 to 255 bytes of UTF-8 without control characters, and not "." or ".."
 * version  1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-", and not "." or ".."
 * A "/" at the end says that a directory lies there.
 */

/** Where an object lies, by name. */
export interface LogPath {
  readonly cluster: string;
  /** Segments divided by "/". */
  readonly path: string;
  /** A label, or `LATEST`. */
  readonly version: string;
  readonly isDirectory: boolean;
}

/** In place of a version: the one that was published last. */
export const LATEST = "latest";

const SCHEME = "log://";
const MAX_SEGMENT_BYTES = 255;
/** No longer text is looked at: scheme, cluster and the longest key, and the signs between and behind them. */
const MAX_CHARACTERS = SCHEME.length + 63 + 1 + MAX_KEY_BYTES + 1;
const CLUSTER = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const VERSION = /^[A-Za-z0-9._-]{1,64}$/;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** Whether a text is meant for a path, well formed or not. */
export function isLogPath(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** @throws FatalError kv/bad-path */
export function parseLogPath(text: string): LogPath {
  if (!isLogPath(text)) throw bad(text, `it does not start with ${SCHEME}`);
  if (text.length > MAX_CHARACTERS) throw bad(text, "it is too long");
  const isDirectory = text.endsWith("/");
  const [cluster = "", ...segments] = text.slice(SCHEME.length, isDirectory ? -1 : undefined).split("/");
  const version = segments.pop() ?? "";
  const parsed = { cluster, path: segments.join("/"), version, isDirectory };
  check(parsed, text);
  return parsed;
}

/** @throws FatalError kv/bad-path for what no path says */
export function formatLogPath(path: LogPath): string {
  const text = `${SCHEME}${path.cluster}/${path.path}/${path.version}${path.isDirectory ? "/" : ""}`;
  check(path, text);
  return text;
}

/** Whether a text can stand for a version. */
export function isVersion(text: string): boolean {
  return VERSION.test(text) && !isDots(text);
}

/** The key that holds what a version of a path is, or with `LATEST` which one is the newest. */
export function keyOf({ path, version }: Pick<LogPath, "path" | "version">): Bytes {
  return utf8(`${path}/${version}`);
}

function check({ cluster, path, version }: LogPath, text: string): void {
  if (!CLUSTER.test(cluster)) throw bad(text, "its cluster is none: 1 to 63 of a-z, 0-9 and -");
  for (const segment of path.split("/")) checkSegment(segment, text);
  if (!isVersion(version)) throw bad(text, "its version is none: 1 to 64 of A-Z, a-z, 0-9, . _ and -");
  const longest = Math.max(version.length, LATEST.length);
  if (utf8(path).length + 1 + longest > MAX_KEY_BYTES)
    throw bad(text, `path and version are longer than a key, ${MAX_KEY_BYTES} bytes`);
}

function checkSegment(segment: string, text: string): void {
  const bytes = utf8(segment);
  if (bytes.length < 1 || bytes.length > MAX_SEGMENT_BYTES)
    throw bad(text, `a part of it is empty, or longer than ${MAX_SEGMENT_BYTES} bytes`);
  if (isDots(segment)) throw bad(text, "a part of it is . or ..");
  if (CONTROL_CHARACTER.test(segment)) throw bad(text, "it holds a control character");
  if (!segment.isWellFormed()) throw bad(text, "it is no Unicode text");
}

function isDots(segment: string): boolean {
  return segment === "." || segment === "..";
}

function bad(text: string, why: string): FatalError {
  const shown = JSON.stringify(text.slice(0, 120));
  return new FatalError("kv/bad-path", `${shown} is no ${SCHEME}<cluster>/<path>/<version>: ${why}`, { why });
}
