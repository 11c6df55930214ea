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

const s3 = z
  .object({
    endpoint: z.url().describe("URL of anything that speaks S3"),
    region: z.string().min(1).default("us-east-1").describe("region that requests are signed for"),
    bucket: z.string().min(1).max(255).describe("bucket, which must be there"),
    prefix: z
      .string()
      .max(512)
      .regex(/^[\w./=-]*$/)
      .default("")
      .describe("what the names of all objects begin with, each node its own"),
    pathStyle: z.boolean().default(true).describe("name the bucket in the path rather than in the host"),
    credentialsFile: z
      .string()
      .min(1)
      .meta({ secret: false })
      .describe("JSON file of accessKeyId and secretAccessKey, mode 600"),
    allowHttp: z.boolean().default(false).describe("take an endpoint elsewhere that has no TLS"),
    timeoutMs: milliseconds
      .min(1_000)
      .default(10_000)
      .describe("how long the endpoint may stand still before a request is tried again"),
  })
  .optional();

export const storageRole = defineRole({
  section: z
    .object({
      rows: z.object({ s3 }).prefault({}),
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
  start: (context, { challengesPerEpoch, drop: { enabled, ...dropping }, rows, ...settings }) =>
    startStorageNode(context, {
      ...settings,
      bucket: rows.s3,
      presence: { challengesPerEpoch },
      drop: enabled && dropping,
    }),
});
