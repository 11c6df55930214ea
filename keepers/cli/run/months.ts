import { z } from "zod";

/** How long a role that publishes pays for what it appends. */
export const months = z
  .number()
  .int()
  .nonnegative()
  .max(65_535)
  .default(12)
  .describe("months of 30 days to pay for; 0 = for ever");
