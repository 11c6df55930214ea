import type { Logger } from "pino";
import type { BodyLimits } from "./body/bodyReader.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { Uploads } from "./multipart/uploads.ts";
import type { NamePut, Names, ObjectRecord } from "./names/names.ts";
import type { Objects, StoredBytes } from "./objects.ts";
import type { Places } from "./places.ts";
import type { Backlog } from "./publishing/backlog.ts";

/** What the gateway's doors stand on. */
export interface GatewayParts {
  readonly names: Names;
  readonly objects: Objects;
  readonly backlog: Backlog;
  readonly uploads: Uploads;
  /** Of parts that are written to the spool at once. */
  readonly partWrites: Places;
  readonly body: BodyLimits;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  /** Aborts when the gateway is told to stop. */
  readonly signal: AbortSignal;
}

/** Gives a key to stored bytes, and notes them to be paid for, in one write. @throws as `Names.put` */
export async function nameStored(
  { names, backlog }: Pick<GatewayParts, "names" | "backlog">,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  stored: StoredBytes,
  {
    record,
    condition,
    also = [],
  }: Pick<NamePut, "condition" | "also"> & {
    readonly record: Pick<ObjectRecord, "headers" | "metadata" | "checksum">;
  },
): Promise<ObjectRecord> {
  const { objectRoot, size, segments } = stored;
  const note = backlog.note(segments);
  const named: ObjectRecord = { ...record, objectRoot, size, modified: Date.now() };
  await names.put(bucket, key, named, {
    also: [...note.writes, ...also],
    ...(condition && { condition }),
  });
  note.noted();
  return named;
}
