import { isAddress } from "ethers";
import { z } from "zod";
import { startPublisher } from "../../storage/publisher.ts";
import { months } from "./months.ts";
import { defineRole } from "./role.ts";

const count = z.number().int().positive();

export const publisherRole = defineRole({
  section: z.object({
    writers: z
      .array(z.string().refine((text) => isAddress(text), "is no address"))
      .min(1)
      .describe("addresses whose orders are taken, and paid for"),
    quotaBytesPerDay: count.default(1024 ** 3).describe("data bytes that one writer may order a day"),
    maxPendingBytes: count.default(256 * 1024 ** 2).describe("data bytes that may wait at once"),
    maxObjects: count.default(8_192).describe("orders from which on a batch is made at once"),
    maxDelayMs: count.default(10_000).describe("longest that an order waits for others"),
    months,
    confirmations: z
      .number()
      .int()
      .nonnegative()
      .default(5)
      .describe("blocks on top of a batch until its bytes may go"),
  }),
  start: startPublisher,
});
