import { z } from "zod";
import { startProvider } from "../../compute/provider.ts";
import { defineRole } from "./role.ts";
import { storageLoader } from "./storageLoader.ts";

const wei = z.coerce.bigint().nonnegative();
const hash = z.string().regex(/^0x[0-9a-f]{64}$/i, "32 bytes as 0x-hex");

/** What a provider sells and how careful it is; shared with keepers that only differ in their engine. */
export const providerSection = z
  .object({
    services: z
      .array(
        z.object({
          model: hash,
          tier: z.enum(["exact"]).default("exact"),
          unitPrice: wei,
        }),
      )
      .min(1)
      .describe("models sold: [{model, tier, unitPrice in wei}]"),
    bond: wei.default(100n * 10n ** 18n).describe("bond kept allocated to Services, wei"),
    maxUnpaidUnits: wei.default(1024n).describe("units answered ahead of the newest voucher"),
    pollMs: z.number().int().min(20).default(1_000).describe("longest pause between looks at what is due"),
    beaconGraceMs: z
      .number()
      .int()
      .nonnegative()
      .default(3_000)
      .describe("how long others may fulfil a draw first"),
  })
  .prefault({} as never);

export const providerRole = defineRole({
  section: providerSection,
  async start(context, settings) {
    await startProvider(context, { ...settings, loadModel: await storageLoader(context) });
  },
});
