import { getBytes, hexlify } from "ethers";
import { z } from "zod";
import { FatalError } from "../../runtime/errors.ts";
import type { Announcement } from "../chain/streamEvents.ts";
import { STREAM_ID_BYTES } from "../format/limits.ts";
import type { Living } from "../state/entry.ts";
import type { Refusal } from "../state/judge.ts";
import type { Item, Page } from "../state/streamReader.ts";
import type { ValueProof } from "../state/valueProof.ts";
import type { KnownStall } from "./replayDuty.ts";

/*
 * What a KV node answers, as JSON: bytes that name something are 0x-hex, values base64, nonces decimal strings. Whoever reads it
 * checks it, whoever wrote it.
 */

const MOST_SIBLINGS = 256;
const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`))
    .transform(bufferOf);
const anyHex = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/)
  .transform(bufferOf);
const base64 = z.base64().transform((text) => Buffer.from(text, "base64"));
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

export function streamToJson({ checkpoint, stall: stalled, ...status }: StreamStatus): object {
  return {
    ...{ id: hexlify(status.id), version: status.version, announced: status.announced },
    root: hexlify(status.root),
    ...(checkpoint && { checkpoint: { ...checkpoint, root: hexlify(checkpoint.root) } }),
    ...(stalled && {
      stall: { ...stalled, writer: hexlify(stalled.writer), objectRoot: hexlify(stalled.objectRoot) },
    }),
  };
}

export function stallOf({ version: missed, writer, objectRoot, since, looks, code, reason }: KnownStall) {
  return { version: missed, writer, objectRoot, since, looks, code, reason };
}

export function valueToJson(
  at: number,
  found: Living | undefined,
  proven?: { root: Buffer } & ValueProof,
): object {
  const { root, proof: { siblings, leaf } = { siblings: [], leaf: undefined } } = proven ?? {};
  return {
    version: at,
    ...(found && { entry: entryToJson(found) }),
    ...(root && {
      proof: {
        root: hexlify(root),
        siblings: siblings.map(hexlify),
        ...(leaf && { leaf: { keyHash: hexlify(leaf.keyHash), content: hexlify(leaf.content) } }),
      },
    }),
  };
}

export function pageToJson(at: number, { items, next }: Page): object {
  return { version: at, items: items.map(itemToJson), ...(next && { next: hexlify(next) }) };
}

export function batchToJson(
  { version: number, writer, nonce: sent, objectRoot }: Announcement,
  state: BatchStatus["state"],
  refusal?: Refusal,
): object {
  const ids = { writer: hexlify(writer), nonce: `${sent}`, objectRoot: hexlify(objectRoot) };
  return { version: number, ...ids, state, ...(refusal && { refusal }) };
}

export function forgeryToJson({
  writer,
  nonce: sent,
  objectRoot,
  relay,
  block,
  index,
}: KnownForgery): object {
  const ids = {
    writer: hexlify(writer),
    nonce: `${sent}`,
    objectRoot: hexlify(objectRoot),
    relay: hexlify(relay),
  };
  return { ...ids, block, index };
}

function bufferOf(text: string): Buffer {
  return Buffer.from(getBytes(text));
}

function entryToJson({ version: since, value: bytes }: Living) {
  return { version: since, value: bytes.toString("base64") };
}

function itemToJson({ key, ...held }: Item) {
  return { key: hexlify(key), ...entryToJson(held) };
}
