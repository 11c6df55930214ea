import { getBytes } from "ethers";
import * as z from "zod";
import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, bytesIn, fromBase64 } from "../../runtime/platform/bytes.ts";
import { STREAM_ID_BYTES } from "./limits.ts";

/*
 * What a KV node answers, as JSON: bytes that name something are 0x-hex, values base64, nonces decimal strings. Whoever reads it
 * checks it, whoever wrote it.
 */

const MOST_SIBLINGS = 256;
const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`))
    .transform(bytesOfHex);
const anyHex = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/)
  .transform(bytesOfHex);
const base64 = z.base64().transform((text) => fromBase64(text));
const version = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const nonce = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt);
const entry = z.object({ version, value: base64 });

const stall = z.object({
  version,
  writer: hex(20),
  objectRoot: hex(32),
  since: z.number(),
  looks: z.number(),
  code: z.string(),
  reason: z.string(),
});
const stream = z.object({
  id: hex(STREAM_ID_BYTES),
  version,
  announced: version,
  root: hex(32),
  /** The newest version that stays provable when others follow. */
  checkpoint: z.object({ version, root: hex(32) }).optional(),
  stall: stall.optional(),
});
const proof = z.object({
  root: hex(32),
  siblings: z.array(hex(32)).max(MOST_SIBLINGS),
  leaf: z.object({ keyHash: hex(32), content: hex(32) }).optional(),
});
const value = z.object({ version, entry: entry.optional(), proof: proof.optional() });
const page = z.object({
  version,
  items: z.array(entry.extend({ key: anyHex })),
  next: anyHex.optional(),
});
const batch = z.object({
  version,
  writer: hex(20),
  nonce,
  objectRoot: hex(32),
  state: z.enum(["taken", "refused", "waiting", "missing"]),
  refusal: z.object({ code: z.string(), reason: z.string() }).optional(),
});
const forgery = z.object({
  writer: hex(20),
  nonce,
  objectRoot: hex(32),
  relay: hex(20),
  block: z.number(),
  index: z.number(),
});

/** Where a stream is, in the eyes of one node. */
export type StreamStatus = z.output<typeof stream>;
/** What a key holds at a version; nothing without an entry. */
export type ReadValue = z.output<typeof value>;
export type ReadPage = z.output<typeof page>;
export type BatchStatus = z.output<typeof batch>;
export type KnownForgery = z.output<typeof forgery>;

/** Answers of a node, checked for their form. @throws FatalError kv/bad-answer */
export const parseAnswer = {
  stream: (json: unknown): StreamStatus => check(stream, json),
  value: (json: unknown): ReadValue => check(value, json),
  page: (json: unknown): ReadPage => check(page, json),
  batch: (json: unknown): BatchStatus => check(batch, json),
  forgeries: (json: unknown): KnownForgery[] => check(z.array(forgery), json),
};

function check<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new FatalError("kv/bad-answer", "the node's answer has not the form that it should have", {
    reason: parsed.error.issues[0]?.message ?? "",
  });
}

function bytesOfHex(text: string): Bytes {
  return bytesIn(getBytes(text));
}
