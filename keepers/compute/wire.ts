import { z } from "zod";
import { FatalError } from "../runtime/errors.ts";
import type { SignedReceipt } from "./receipts.ts";
import type { SignedVoucher } from "./vouchers.ts";

// What travels in headers and JSON bodies: bigints as decimal strings, bytes as 0x-hex, headers as base64url JSON.

export const HEADERS = {
  session: "x-mycelia-session",
  index: "x-mycelia-index",
  voucher: "x-mycelia-voucher",
  receipt: "x-mycelia-receipt",
} as const;

export const TENSORS_TYPE = "application/octet-stream";

/** Real receipts and vouchers take under 1 KiB. */
const MAX_HEADER = 4096;

const uint = (bits: bigint) =>
  z
    .string()
    .regex(/^(0|[1-9][0-9]{0,77})$/)
    .transform(BigInt)
    .refine((value) => value < 1n << bits, "too large");
const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/);
// ERC-1271 signatures may be longer than 65 bytes.
const signature = z.string().regex(/^0x([0-9a-fA-F]{2}){1,1024}$/);

const voucherShape = z.strictObject({
  voucher: z.strictObject({
    session: uint(64n),
    amount: uint(128n),
    receipts: uint(64n),
    receiptsRoot: bytes32,
  }),
  signature,
});

const receiptShape = z.strictObject({
  receipt: z.strictObject({
    session: uint(64n),
    index: uint(64n),
    modelId: bytes32,
    exchange: bytes32,
    unitsIn: uint(64n),
    unitsOut: uint(64n),
    price: uint(128n),
    usesRoot: bytes32,
    deadline: uint(64n),
  }),
  salt: bytes32,
  signature,
});

/** JSON text with bigints as decimal strings. */
export function toWire(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
}

export function toHeader(value: SignedReceipt | SignedVoucher): string {
  return Buffer.from(toWire(value), "utf8").toString("base64url");
}

/** @throws FatalError compute/invalid-voucher */
export function parseVoucher(value: unknown): SignedVoucher {
  return parse(voucherShape, value, "compute/invalid-voucher", "Voucher");
}

/** @throws FatalError compute/invalid-voucher */
export function voucherFromHeader(header: string): SignedVoucher {
  return parseVoucher(fromHeader(header));
}

/** @throws FatalError compute/bad-receipt */
export function receiptFromHeader(header: string | undefined): SignedReceipt {
  return parse(receiptShape, fromHeader(header ?? ""), "compute/bad-receipt", "Receipt");
}

/** A whole number in a header or a path. @throws FatalError compute/invalid-number */
export function parseUint64(text: unknown, what: string): bigint {
  const parsed = uint(64n).safeParse(text);
  if (parsed.success) return parsed.data;
  throw new FatalError("compute/invalid-number", `${what} must be a whole number of at most 64 bits.`);
}

function fromHeader(header: string): unknown {
  if (header.length > MAX_HEADER) return undefined;
  try {
    return JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function parse<T>(shape: z.ZodType<T>, value: unknown, code: string, what: string): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw new FatalError(code, `${what} is not of the right form${where}: ${issue?.message ?? "unreadable"}.`);
}
