import { z } from "zod";
import { startVerifier } from "../../compute/verifier.ts";
import { defineRole } from "./role.ts";
import { storageLoader } from "./storageLoader.ts";

export const verifierRole = defineRole({
  section: z
    .object({
      bond: z.coerce
        .bigint()
        .positive()
        .optional()
        .describe("bond kept allocated to Audits, wei; what it asks when absent"),
      pollMs: z.number().int().min(20).default(1_000).describe("longest pause between looks at what is due"),
    })
    .prefault({}),
  async start(context, { bond, pollMs }) {
    const loadModel = await storageLoader(context);
    await startVerifier(context, { pollMs, loadModel, ...(bond === undefined ? {} : { bond }) });
  },
});
