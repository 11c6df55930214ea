import * as z from "zod";
import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, sameBytes, textOf, utf8 } from "../../runtime/platform/bytes.ts";
import { isVersion, LATEST, type LogPath, parseLogPath } from "./logPath.ts";

/*
 * What keys of paths hold, as JSON of one form: no spaces, fields in the order below, absent ones left out.
 * <path>/<version>  {"objectRoot":"0x…","size":…,"kind":"file"|"directory","encrypted":true,"name":"…"}
 * <path>/latest     {"version":"…"}
 * Any key, and <path>/<version> too, may instead lead on to a path: {"path":"log://…", …}, in any form.
 */

const MAX_BYTES = 4_096;

const versionRecord = z.strictObject({
  /** 0x-hex; names the stored bytes. */
  objectRoot: z.string().regex(/^0x[0-9a-f]{64}$/),
  /** Bytes of the file, or of all files of the directory, before they were encrypted. What the writer says: the root decides. */
  size: z.number().int().nonnegative(),
  kind: z.enum(["file", "directory"]),
  encrypted: z.literal(true).optional(),
  /** For people; never a place to write to. */
  name: z.string().min(1).max(255).optional(),
});
const latestRecord = z.strictObject({ version: z.string() });
const pointer = z.object({ path: z.string(), name: z.string().max(255).optional() });

/** What a version of a path is. */
export type VersionRecord = z.output<typeof versionRecord>;

/** A record that leads on to a path. */
export interface Pointer {
  readonly path: LogPath;
  readonly name?: string;
}

/** @throws FatalError kv/bad-record */
export function encodeVersionRecord(record: VersionRecord): Bytes {
  return utf8(formOf(record));
}

export function encodeLatest(version: string): Bytes {
  return utf8(JSON.stringify({ version }));
}

/** The label of the latest version. @throws FatalError kv/bad-record */
export function parseLatest(value: Uint8Array): string {
  const parsed = latestRecord.safeParse(jsonIn(value));
  if (!parsed.success || !sameBytes(value, encodeLatest(parsed.data.version)))
    throw bad("it does not say which version is the latest");
  const { version } = parsed.data;
  if (!isVersion(version) || version === LATEST) throw bad("the latest version that it names is none");
  return version;
}

/** What a key holds: a version, or a way on. @throws FatalError kv/bad-record, kv/bad-path */
export function parseRecord(value: Uint8Array): VersionRecord | Pointer {
  const json = jsonIn(value);
  const led = pointer.safeParse(json);
  if (led.success) {
    const { path, name } = led.data;
    return { path: parseLogPath(path), ...(name !== undefined && { name }) };
  }
  const parsed = versionRecord.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw bad(`${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim());
  }
  if (!sameBytes(utf8(formOf(parsed.data)), value)) throw bad("it has not the one form of a record");
  return parsed.data;
}

/** Whether a record leads on. */
export function isPointer(record: VersionRecord | Pointer): record is Pointer {
  return "path" in record;
}

function formOf(record: VersionRecord): string {
  const parsed = versionRecord.safeParse(record);
  if (!parsed.success) throw bad(parsed.error.issues[0]?.message ?? "");
  const { objectRoot, size, kind, encrypted, name } = parsed.data;
  return JSON.stringify({ objectRoot, size, kind, encrypted, name });
}

function jsonIn(value: Uint8Array): unknown {
  if (value.length > MAX_BYTES) throw bad(`${value.length} bytes, more than ${MAX_BYTES}`);
  try {
    return JSON.parse(textOf(value));
  } catch {
    throw bad("it is no JSON");
  }
}

function bad(why: string): FatalError {
  return new FatalError("kv/bad-record", `the key holds no record of a path: ${why}`, { why });
}
