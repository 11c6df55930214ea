import { hexlify } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, bytesIn } from "../../runtime/platform/bytes.ts";
import type { KvClient, Trust } from "../client/kvTypes.ts";
import type { Clusters } from "./clusters.ts";
import { formatLogPath, keyOf, LATEST, type LogPath, parseLogPath } from "./logPath.ts";
import { isPointer, type Pointer, parseLatest, parseRecord, type VersionRecord } from "./records.ts";

/** Most records that lead on, one after the other. */
const MAX_HOPS = 4;

export interface ResolveOptions {
  /** Whose attested state roots are believed; without it a node's word is. */
  readonly trust?: Trust;
  readonly signal?: AbortSignal;
}

/** A key that was read on the way. */
export interface ResolvedStep {
  /** 0x-hex, 32 bytes. */
  readonly stream: string;
  readonly key: Bytes;
  /** Version of the stream that was read. */
  readonly streamVersion: number;
  /** Who vouches for the state that it was proven against. */
  readonly attester?: string;
}

/** What a path, or a key that leads to one, comes to. */
export interface Resolved {
  /** With its version in place of `latest`; absent when the key itself held the version's record. */
  readonly path?: LogPath;
  readonly record: VersionRecord;
  /** Whether every key on the way was proven against a state root that somebody trusted has attested. */
  readonly proven: boolean;
  /** Keys in the order in which they were read. */
  readonly steps: readonly ResolvedStep[];
}

/**
 * What a path leads to.
 * @throws FatalError kv/bad-path, kv/unknown-cluster, kv/other-chain, kv/no-such-path, kv/bad-record, kv/wrong-kind, kv/path-loop; what reading throws
 */
export async function resolveLogPath(
  kv: KvClient,
  clusters: Clusters,
  text: string,
  options: ResolveOptions = {},
): Promise<Resolved> {
  return await new Resolving(kv, clusters, options).path(parseLogPath(text));
}

/** What the record under a key of a stream leads to. @throws as `resolveLogPath` */
export async function resolveKey(
  kv: KvClient,
  clusters: Clusters,
  { stream, key }: { readonly stream: string; readonly key: Uint8Array },
  options: ResolveOptions = {},
): Promise<Resolved> {
  return await new Resolving(kv, clusters, options).key(stream, key);
}

/** One way from a path or key to a version. */
class Resolving {
  readonly #kv: KvClient;
  readonly #clusters: Clusters;
  readonly #options: ResolveOptions;
  readonly #steps: ResolvedStep[] = [];
  readonly #seen = new Set<string>();

  constructor(kv: KvClient, clusters: Clusters, options: ResolveOptions) {
    this.#kv = kv;
    this.#clusters = clusters;
    this.#options = options;
  }

  async key(stream: string, key: Uint8Array): Promise<Resolved> {
    const { value } = await this.#read(stream, bytesIn(key));
    return await this.#follow(parseRecord(value), undefined);
  }

  async path(path: LogPath): Promise<Resolved> {
    const stream = await this.#clusters.streamOf(path.cluster);
    const { version, at } = await this.#versionOf(stream, path);
    const found = { ...path, version };
    const { value } = await this.#read(stream, keyOf(found), at);
    return await this.#follow(parseRecord(value), found);
  }

  async #follow(record: VersionRecord | Pointer, path: LogPath | undefined): Promise<Resolved> {
    if (isPointer(record)) return await this.#hop(record.path);
    if (path?.isDirectory === true && record.kind !== "directory")
      throw new FatalError(
        "kv/wrong-kind",
        `${formatLogPath(path)} ends with "/", and no directory lies there`,
      );
    const proven = this.#options.trust !== undefined;
    return { ...(path && { path }), record, proven, steps: this.#steps };
  }

  async #hop(path: LogPath): Promise<Resolved> {
    const text = formatLogPath({ ...path, isDirectory: false });
    if (this.#seen.has(text))
      throw new FatalError("kv/path-loop", `the path leads back to ${text}`, { path: text });
    if (this.#seen.size === MAX_HOPS)
      throw new FatalError("kv/path-loop", `more than ${MAX_HOPS} records lead on to others`, { path: text });
    this.#seen.add(text);
    return await this.path(path);
  }

  /** The label that a path means; `latest` and what it names are read at one version of the stream. */
  async #versionOf(
    stream: string,
    { path, version }: LogPath,
  ): Promise<{ readonly version: string; readonly at?: number }> {
    if (version !== LATEST) return { version };
    const { value, streamVersion } = await this.#read(stream, keyOf({ path, version }));
    const latest = parseLatest(value);
    return { version: latest, at: streamVersion };
  }

  async #read(
    stream: string,
    key: Bytes,
    at?: number,
  ): Promise<{ readonly value: Bytes; readonly streamVersion: number }> {
    const { trust, signal } = this.#options;
    const call = signal && { signal };
    const read =
      trust === undefined
        ? await this.#kv.get(stream, key, { ...call, ...(at !== undefined && { at }) })
        : await this.#kv.getProven(stream, key, trust, { ...call });
    const { version: streamVersion, entry } = read;
    const attester = "attester" in read ? { attester: read.attester } : {};
    this.#steps.push({ stream, key, streamVersion, ...attester });
    if (entry !== undefined) return { value: entry.value, streamVersion };
    throw new FatalError("kv/no-such-path", `${JSON.stringify(key.toString())} holds nothing in the stream`, {
      stream,
      key: hexlify(key),
      streamVersion,
      proven: trust !== undefined,
    });
  }
}
