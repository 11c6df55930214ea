import { hexlify } from "ethers";
import { formatLogPath, isLogPath } from "../../kv/paths/logPath.ts";
import type { VersionRecord } from "../../kv/paths/records.ts";
import { type Resolved, resolveKey, resolveLogPath } from "../../kv/paths/resolve.ts";
import { FatalError } from "../../runtime/errors.ts";
import { getObject, type ReadFileResult } from "../storage/get.ts";
import { parseAccount, parseKey } from "./bytes.ts";
import { type KvRequest, withKv } from "./session.ts";

export interface ResolveRequest extends KvRequest {
  /** log://…, or a key of the stream that leads to one. */
  readonly what: string;
  /** Accounts whose attested state roots are believed; without one a node's word is. */
  readonly attesters: readonly string[];
  /** Where to write the object; it is not fetched when absent. */
  readonly out?: string;
  /** File with the key that it was encrypted under. */
  readonly decrypt?: string;
  /** MYC that may be locked to pay members that ask for it. */
  readonly pay?: string;
}

export interface ShownResolution {
  readonly path?: string;
  readonly record: VersionRecord;
  /** Whether all keys on the way were proven against what a trusted account has attested. */
  readonly proven: boolean;
  readonly steps: readonly {
    readonly stream: string;
    readonly key: string;
    readonly streamVersion: number;
    readonly attester?: string;
  }[];
  /** What was fetched, checked against the record's root, and written. */
  readonly read?: ReadFileResult;
}

/** Resolves a path or key, and reads what it leads to. */
export async function resolveAndRead(request: ResolveRequest): Promise<ShownResolution> {
  const { out, decrypt, pay, attesters } = request;
  const trust = { attesters: attesters.map((one) => hexlify(parseAccount(one))) };
  const resolved = await withKv(request, async ({ kv, clusters, stream, signal }) => {
    const options = { signal, ...(attesters.length > 0 && { trust }) };
    if (isLogPath(request.what)) return await resolveLogPath(kv, clusters, request.what, options);
    const key = parseKey(request.what, request.hex);
    return await resolveKey(kv, clusters, { stream, key }, options);
  });
  const shown = shownOf(resolved);
  if (out === undefined) return shown;
  const { objectRoot, kind, encrypted } = resolved.record;
  if (encrypted === true && decrypt === undefined)
    throw new FatalError(
      "cli/encrypted",
      "the object is encrypted: name the file with its key, --decrypt <key-file>",
    );
  const read = await getObject({
    ...request,
    ...{ root: objectRoot, out, directory: kind === "directory", offset: 0 },
    ...(decrypt !== undefined && { decrypt }),
    ...(pay !== undefined && { pay }),
  });
  return { ...shown, read };
}

function shownOf({ path, record, proven, steps }: Resolved): ShownResolution {
  return {
    ...(path && { path: formatLogPath({ ...path, isDirectory: record.kind === "directory" }) }),
    ...{ record, proven },
    steps: steps.map(({ key, ...step }) => ({ ...step, key: hexlify(key) })),
  };
}
