import type { TypedDataDomain, TypedDataField } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { recoverTypedData } from "../../runtime/keys/recoverAddress.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import { TypedDataHasher } from "../../runtime/keys/typedData.ts";

/** A reader's cumulative promise to one member; fields as IReadSessions.voucherDigest. */
export interface ReadVoucher {
  readonly session: bigint;
  /** Of the member that is paid. */
  readonly operator: string;
  /** Wei owed since the session opened. */
  readonly amount: bigint;
}

/** A voucher as it travels: the member that gets it knows who it is. */
export interface CarriedVoucher {
  readonly session: bigint;
  readonly amount: bigint;
  /** 65 bytes, 0x-hex. */
  readonly signature: string;
}

/** Where vouchers count: one ReadSessions contract. */
export interface VoucherScope {
  readonly chainId: number;
  readonly sessions: string;
}

/** Request header that carries a voucher. */
export const VOUCHER_HEADER = "mycelia-read-voucher";

const GIB = 1n << 30n;
const MAX_SESSION = (1n << 64n) - 1n;
const MAX_AMOUNT = (1n << 128n) - 1n;
/** 20 and 39 digits hold any session and amount; no digit is spare. */
const FORM = /^([1-9]\d{0,19})\.(0|[1-9]\d{0,38})\.(0x[0-9a-f]{130})$/;

const TYPES: Record<string, TypedDataField[]> = {
  ReadVoucher: [
    { name: "session", type: "uint64" },
    { name: "operator", type: "address" },
    { name: "amount", type: "uint128" },
  ],
};
const HASHER = new TypedDataHasher(TYPES);

export function voucherDigest(scope: VoucherScope, voucher: ReadVoucher): string {
  return HASHER.digest(domainOf(scope), { ...voucher });
}

export async function signReadVoucher(
  signer: KeySigner,
  scope: VoucherScope,
  voucher: ReadVoucher,
): Promise<CarriedVoucher> {
  const signature = await signer.signTypedData(domainOf(scope), TYPES, { ...voucher });
  return { session: voucher.session, amount: voucher.amount, signature: signature.toLowerCase() };
}

/** Lower-case address of the key that signed `carried` for `operator`; undefined when the signature is no point at all. */
export function signerOfVoucher(
  scope: VoucherScope,
  { session, amount, signature }: CarriedVoucher,
  operator: string,
): string | undefined {
  try {
    return recoverTypedData(domainOf(scope), HASHER, { session, operator, amount }, signature).toLowerCase();
  } catch {
    return undefined;
  }
}

/** Header value: session and amount in decimal, signature in lower-case hex, with dots between. */
export function encodeVoucher({ session, amount, signature }: CarriedVoucher): string {
  return `${session}.${amount}.${signature}`;
}

/** Reads a header value; each voucher has one form. @throws FatalError storage/bad-voucher */
export function parseVoucher(header: unknown): CarriedVoucher {
  const [, sessionText, amountText, signature] = typeof header === "string" ? (FORM.exec(header) ?? []) : [];
  if (sessionText === undefined || amountText === undefined || signature === undefined) throw badVoucher();
  const [session, amount] = [BigInt(sessionText), BigInt(amountText)];
  if (session > MAX_SESSION || amount > MAX_AMOUNT) throw badVoucher();
  return { session, amount, signature };
}

/** Wei for bytes at a price in wei per GiB, rounded up. */
export function priceUp(bytes: bigint, pricePerGiB: bigint): bigint {
  return (bytes * pricePerGiB + GIB - 1n) / GIB;
}

/** Most bytes that an amount pays for; 0 where they cost nothing. */
export function bytesPaidDown(amount: bigint, pricePerGiB: bigint): bigint {
  return pricePerGiB === 0n ? 0n : (amount * GIB) / pricePerGiB;
}

function domainOf({ chainId, sessions }: VoucherScope): TypedDataDomain {
  return { name: "Mycelia ReadSessions", version: "1", chainId, verifyingContract: sessions };
}

function badVoucher(): FatalError {
  return new FatalError(
    "storage/bad-voucher",
    `a ${VOUCHER_HEADER} is <session>.<amount in wei>.<signature in 0x-hex, lower case>, without leading zeros`,
  );
}
