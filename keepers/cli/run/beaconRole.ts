import { z } from "zod";
import { startBeacon } from "../../core/beacon.ts";
import { defineRole } from "./role.ts";

export const beaconRole = defineRole({
  section: z
    .object({
      mineBlocks: z
        .boolean()
        .optional()
        .describe("mine the awaited block; by default on the devnet's chain id alone"),
      lookMs: z.number().int().min(20).default(250).describe("pause between looks while a draw waits"),
    })
    .prefault({}),
  async start(context, { mineBlocks, lookMs }) {
    await startBeacon(context, { lookMs, ...(mineBlocks === undefined ? {} : { mineBlocks }) });
  },
});
