import { z } from "zod";

const count = z.number().int().nonnegative();
const webUrl = z.url({ protocol: /^https?$/ });

/** Settings that every keeper has. A role adds its own section: `keeperSchema.extend({ storage: storageSection })`. */
export const keeperSchema = z.object({
  dataDir: z.string().min(1).describe("directory for state, keys and data"),
  log: z
    .object({
      level: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
      format: z.enum(["auto", "json", "pretty"]).default("auto"),
    })
    .prefault({}),
  chain: z
    .object({
      rpcUrl: webUrl
        .default("http://127.0.0.1:8545")
        .describe("JSON-RPC endpoint of the chain")
        .meta({ originOnly: true }),
      deploymentFile: z.string().min(1).describe("deployments/<chainId>.json"),
      confirmations: count.default(2).describe("blocks on top before a block is acted on"),
      finality: count.default(64).describe("depth in blocks that is never undone"),
      pollMs: z
        .number()
        .int()
        .min(50)
        .default(1_000)
        .describe("pause between looks at the chain, milliseconds"),
    })
    .prefault({} as never),
  key: z
    .object({
      file: z.string().min(1).describe("web3 v3 keystore"),
      passwordFile: z.string().min(1).describe("file with its password, readable by its owner only"),
    })
    .prefault({} as never),
  http: z
    .object({
      host: z.string().min(1).default("127.0.0.1"),
      port: z.number().int().min(0).max(65_535).default(0).describe("0 takes a free one"),
      publicUrl: webUrl.optional().describe("base URL under which others reach this keeper"),
      exposed: z.boolean().default(false).describe("allows a host that other machines can reach"),
      hostNames: z.array(z.string()).default([]).describe("names a proxy on this machine asks for"),
      origins: z
        .array(z.string())
        .default([])
        .describe(
          'origins whose pages may ask from a browser; "loopback" for those of this machine, "*" for all',
        ),
      bodyLimit: z.number().int().positive().default(1_048_576).describe("largest request body, bytes"),
      maxConnections: z.number().int().positive().default(1_024).describe("connections at once"),
      maxConnectionsPerAddress: z
        .number()
        .int()
        .positive()
        .default(256)
        .describe("connections of one address at once; behind a proxy, as many as it opens"),
    })
    .prefault({}),
  network: z
    .object({
      allowPrivate: z.array(z.string()).default([]).describe("private ranges that may be fetched from"),
    })
    .prefault({}),
  redis: z
    .object({
      url: z
        .url({ protocol: /^rediss?$/ })
        .refine(
          (url) => new URL(url).password === "",
          "put the password in a file and name it in redis.passwordFile",
        )
        .optional()
        .describe("shares state between machines; embedded engines when absent"),
      passwordFile: z.string().min(1).optional(),
    })
    .prefault({}),
});

export type KeeperConfig = z.output<typeof keeperSchema>;
