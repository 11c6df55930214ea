import { z } from "zod";
import { startStorageNode } from "../../storage/node.ts";
import { defineRole } from "./role.ts";

const bytes = z.number().int().positive();
const milliseconds = z.number().int().positive();
const wei = z.coerce.bigint().nonnegative();

const readClaims = z
  .object({
    pollMs: milliseconds.min(20).default(10_000).describe("pause between two looks at what is owed"),
    claimAbove: wei.default(10n ** 18n).describe("wei that are claimed before a read session ends"),
    claimAtLeast: wei
      .default(1n)
      .describe("wei below which nothing is claimed: what costs more gas than it earns"),
  })
  .prefault({});

const drop = z
  .object({
    enabled: z
      .boolean()
      .default(true)
      .describe("give up what is owed to nobody; false keeps everything for ever"),
    everyMs: milliseconds.min(20).default(600_000).describe("pause between two looks at all segments"),
    unpaidMs: milliseconds
      .default(86_400_000)
      .describe("how long a receipt promises rows without pay, milliseconds"),
    deadShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("part of a row file that must be dead before it is compacted"),
    bytesPerSecond: bytes.default(64 * 1024 ** 2).describe("bytes a second that compaction reads and writes"),
  })
  .prefault({});

export const storageRole = defineRole({
  section: z
    .object({
      quotaBytes: bytes.default(16 * 1024 ** 3).describe("bytes that the row files may take"),
      reserveBytes: z
        .number()
        .int()
        .nonnegative()
        .default(64 * 1024 ** 2)
        .describe("bytes of the disk that uploads leave free"),
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
      readClaims,
      drop,
    })
    .prefault({}),
  start: (context, { challengesPerEpoch, drop: { enabled, ...dropping }, ...settings }) =>
    startStorageNode(context, {
      ...settings,
      presence: { challengesPerEpoch },
      drop: enabled && dropping,
    }),
});
