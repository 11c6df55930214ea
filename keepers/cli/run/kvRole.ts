import { z } from "zod";
import { startKvNode } from "../../kv/node.ts";
import { defineRole } from "./role.ts";

const count = z.number().int().positive();

export const kvRole = defineRole({
  section: z
    .object({
      streams: z
        .array(z.string().regex(/^0x[0-9a-f]{64}$/i, "32 bytes as 0x-hex"))
        .min(1)
        .optional()
        .describe("ids of the streams that are followed; all when absent"),
      batchesAtOnce: count.default(256).describe("batches of one stream judged in one go"),
      enoughBytes: count
        .default(16 * 1024 ** 2)
        .describe("bytes of batches held for one stream, beyond which no more are fetched"),
      fetchesAtOnce: count.default(4).describe("batches of one stream fetched at once"),
      streamsAtOnce: count.default(8).describe("streams replayed at once"),
      windowBlocks: count
        .default(64)
        .describe("blocks of a window, whose last version of a stream stays provable for a while"),
      maxPauseMs: count
        .min(20)
        .default(30_000)
        .describe("longest pause between two looks for missing bytes, milliseconds"),
    })
    .prefault({}),
  start: (context, { streams, ...settings }) =>
    startKvNode(context, { ...settings, ...(streams && { streams }) }),
});
