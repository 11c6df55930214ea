import { basename, resolve } from "node:path";
import { formatLogPath, LATEST, type LogPath, parseLogPath } from "../../kv/paths/logPath.ts";
import { publicationOf } from "../../kv/paths/publish.ts";
import type { VersionRecord } from "../../kv/paths/records.ts";
import { FatalError } from "../../runtime/errors.ts";
import { factsOf } from "../storage/localFiles.ts";
import { putFiles } from "../storage/put.ts";
import { UsageError } from "../terminal/failure.ts";
import { type KvRequest, withKv } from "./session.ts";
import { type TakenWrite, writeIn } from "./write.ts";

export interface PublishRequest extends KvRequest {
  /** File or directory. */
  readonly source: string;
  /** log://… with a version of its own. */
  readonly path: string;
  readonly months: number;
  /** File with the key to encrypt under; made when it is missing. */
  readonly encrypt?: string;
}

export interface Published extends TakenWrite {
  readonly path: string;
  readonly record: VersionRecord;
}

/** Stores a file or directory and gives it a path; the version becomes the path's latest. */
export async function publishPath(request: PublishRequest): Promise<Published> {
  const { source, months, encrypt } = request;
  const isDirectory = factsOf(source).isDirectory();
  const path = pathOf(request.path, isDirectory);
  const stream = await withKv(request, ({ clusters }) => clusters.streamOf(path.cluster));
  const stored = await putFiles({
    ...request,
    ...{ path: source, publish: true, months },
    ...(encrypt !== undefined && { encrypt }),
  });
  const record: VersionRecord = {
    ...{ objectRoot: stored.objectRoot, size: stored.size, kind: isDirectory ? "directory" : "file" },
    ...(encrypt !== undefined && { encrypted: true }),
    name: basename(resolve(source)),
  };
  const taken = await withKv({ ...request, stream }, async (session) => {
    const change = await publicationOf(session.kv, stream, path, record, session);
    return await writeIn(session, request.output, change);
  });
  return { path: formatLogPath(path), record, ...taken };
}

function pathOf(text: string, isDirectory: boolean): LogPath {
  const path = parseLogPath(text);
  if (path.version === LATEST)
    throw new UsageError(
      `name the version that is published, not "${LATEST}": it becomes the latest by itself`,
    );
  if (path.isDirectory && !isDirectory)
    throw new FatalError("kv/wrong-kind", `${text} ends with "/", and what is published is no directory`);
  return { ...path, isDirectory };
}
