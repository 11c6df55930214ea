import { z } from "zod";
import { startStorageNode } from "../../storage/node.ts";
import { defineRole } from "./role.ts";

const bytes = z.number().int().positive();

export const storageRole = defineRole({
  section: z
    .object({
      quotaBytes: bytes.default(16 * 1024 ** 3).describe("bytes that the row files may take"),
      creditBytesPerSigner: z
        .number()
        .int()
        .nonnegative()
        .default(0)
        .describe("bytes that any signer may store before a batch pays, beyond what its bond covers"),
      register: z.boolean().default(true).describe("bond and enter a committee when not a member yet"),
      openReads: z
        .enum(["loopback", "everybody", "nobody"])
        .default("loopback")
        .describe("whose reads need neither signature nor quota"),
      freeReadBytesPerDay: bytes
        .default(64 * 1024 ** 2)
        .describe("bytes a signer with credit reads in a day"),
      peerReadBytesPerDay: bytes.default(1024 ** 3).describe("bytes all other members read in a day"),
      maxUploads: z.number().int().positive().default(32).describe("uploads taken at once"),
      maxReads: z.number().int().positive().default(64).describe("reads served at once"),
      challengesPerEpoch: z
        .number()
        .int()
        .nonnegative()
        .default(2)
        .describe("silent members challenged in an epoch, each for a deposit; 0 leaves that to others"),
    })
    .prefault({}),
  start: (context, { challengesPerEpoch, ...settings }) =>
    startStorageNode(context, { ...settings, presence: { challengesPerEpoch } }),
});
