import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import type { Change, KvCallOptions, KvClient } from "../client/kvTypes.ts";
import { formatLogPath, keyOf, LATEST, type LogPath } from "./logPath.ts";
import { encodeLatest, encodeVersionRecord, type VersionRecord } from "./records.ts";

/**
 * What is to be written to a cluster's stream so that a path has a new version, which becomes its latest: all of it, or, when
 * somebody else has published under the path meanwhile, nothing (kv/conflict).
 * @throws FatalError kv/bad-path; kv/version-taken when the version is another object already
 */
export async function publicationOf(
  kv: KvClient,
  stream: string,
  path: LogPath,
  record: VersionRecord,
  options: KvCallOptions = {},
): Promise<Change> {
  if (path.version === LATEST)
    throw new FatalError("kv/bad-path", `a version is published under a label of its own, not as ${LATEST}`);
  const key = keyOf(path);
  const latest = keyOf({ ...path, version: LATEST });
  const value = encodeVersionRecord(record);
  const { version, held } = await whatIsHeld(kv, stream, key, options);
  if (held !== undefined && !held.equals(value))
    throw new FatalError("kv/version-taken", `${formatLogPath(path)} is another object already`);
  return {
    seen: BigInt(version),
    reads: [key, latest],
    writes: [
      { key, value },
      { key: latest, value: encodeLatest(path.version) },
    ],
  };
}

/** A stream that nobody has written to yet is at version 0, and unknown to nodes. */
async function whatIsHeld(
  kv: KvClient,
  stream: string,
  key: Buffer,
  options: KvCallOptions,
): Promise<{ readonly version: number; readonly held: Buffer | undefined }> {
  try {
    const { version, entry } = await kv.get(stream, key, options);
    return { version, held: entry?.value };
  } catch (error) {
    if (error instanceof MyceliaError && error.code === "kv/unknown-stream")
      return { version: 0, held: undefined };
    throw error;
  }
}
