import { z } from "zod";
import { startGateway } from "../../gateway/gateway.ts";
import { months } from "./months.ts";
import { defineRole } from "./role.ts";

const count = z.number().int().positive();

export const gatewayRole = defineRole({
  section: z
    .object({
      credentialsFile: z
        .string()
        .min(1)
        .describe("file with the access keys, readable by its owner only: {keys: [{id, secret, grants}]}"),
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,64}$/)
        .default("us-east-1")
        .describe("region that clients sign for"),
      openBuckets: z
        .array(z.string())
        .default([])
        .describe("buckets whose objects anybody may read by their keys"),
      openReads: z
        .enum(["loopback", "everybody", "nobody"])
        .default("loopback")
        .describe("whose reads by object root need no access key"),
      maxBodyBytes: count.default(5 * 1024 ** 3).describe("largest body of an object or of a part, bytes"),
      spoolBytes: count
        .default(64 * 1024 ** 3)
        .describe("bytes of parts that may wait on this disk for the rest of their uploads"),
      uploadDays: count.default(7).describe("days after which an upload that was not completed is given up"),
      publishMs: count.min(20).default(10_000).describe("pause between two publications of what was put"),
      months,
      maxWrites: count.default(4).describe("objects stored at once"),
      maxReads: count.default(16).describe("objects read at once"),
      maxPartWrites: count.default(16).describe("parts written to the disk at once"),
      maxWaiting: count.default(256).describe("requests that may wait for one of these places"),
    })
    .prefault({} as never),
  start: startGateway,
});
