import * as z from "zod";
import { FatalError } from "../../runtime/errors.ts";
import { base64Of } from "../../runtime/platform/bytes.ts";
import type { LoggedBatch } from "../chain/publications.ts";
import { type BatchSegment, ENTRY_BYTES, encodeBatch } from "./batch.ts";

/** Segments of a batch that a node is told about in one request. */
export const MAX_TOLD_SEGMENTS = 4_096;

const publication = z.strictObject({
  id: z.string().regex(/^\d{1,19}$/),
  block: z.number().int().nonnegative(),
  segments: z.base64().max(4 * Math.ceil((MAX_TOLD_SEGMENTS * ENTRY_BYTES) / 3)),
});

/** What a client tells members after it has appended a batch: which batch, and the list of its segments in base64. */
export type Publication = z.infer<typeof publication>;

export function publicationOf(
  { id, block }: Pick<LoggedBatch, "id" | "block">,
  segments: readonly BatchSegment[],
): Publication {
  const list = base64Of(encodeBatch(segments));
  return { id: id.toString(), block, segments: list };
}

/** @throws FatalError storage/bad-publication */
export function parsePublication(body: unknown): Publication {
  const parsed = publication.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new FatalError(
    "storage/bad-publication",
    `not a publication: ${z.prettifyError(parsed.error).slice(0, 400)}`,
  );
}
