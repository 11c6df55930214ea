import {
  concat,
  dataSlice,
  getBytes,
  hexlify,
  isHexString,
  TypedDataEncoder,
  type TypedDataField,
} from "ethers";
import * as z from "zod";
import { decodeSignature, type G2Point } from "../../runtime/bls/points.ts";
import { FatalError } from "../../runtime/errors.ts";
import { type BlsKey, type BlsSignature, isSignedBy } from "../../runtime/platform/bls.ts";
import { textOf } from "../../runtime/platform/bytes.ts";
import type { BatchLayout } from "./batch.ts";

/** Where receipts for batches count: one log on one chain. */
export interface LogScope {
  readonly chainId: number;
  readonly log: string;
}

/** The table of a committee that a receipt speaks of. */
export interface TableVersion {
  /** Number of the committee. */
  readonly committee: number;
  /** Number of changes of its table. */
  readonly version: number;
}

/** A member's word that it holds its strips of every segment of a batch. */
export interface BatchReceipt {
  /** 1..255. */
  readonly seat: number;
  readonly signature: BlsSignature;
}

const TYPES: Record<string, TypedDataField[]> = {
  BatchReceipt: [
    { name: "committee", type: "uint16" },
    { name: "version", type: "uint32" },
    { name: "root", type: "bytes32" },
    { name: "segments", type: "uint32" },
    { name: "units", type: "uint64" },
  ],
};
const WORD = 32;
const SIGNATURE_WORDS = 8;
const SIGNATURE_BYTES = SIGNATURE_WORDS * WORD;

const answer = z.strictObject({
  seat: z.number().int().min(1).max(255),
  signature: z.string().refine((text) => isHexString(text, SIGNATURE_BYTES)),
});

/** The EIP-712 digest that members sign with their BLS keys, 0x-hex; IStorageLog.receiptDigest. */
export function batchDigest(
  { chainId, log }: LogScope,
  { committee, version }: TableVersion,
  { root, segments, units }: Pick<BatchLayout, "root" | "segments" | "units">,
): string {
  const domain = { name: "Mycelia StorageLog", version: "1", chainId, verifyingContract: log };
  const message = { committee, version, root: hexlify(root), segments: segments.length, units };
  return TypedDataEncoder.hash(domain, TYPES, message);
}

/** JSON form: what a node answers to a batch that it stands behind. */
export function batchReceiptToJson(seat: number, signature: G2Point): object {
  return { seat, signature: concat(signature.words) };
}

/**
 * Reads the answer of the member in `seat`.
 * @throws FatalError storage/bad-receipt when it is garbage or not signed by `key`
 */
export function readBatchReceipt(
  body: Uint8Array,
  expected: { readonly seat: number; readonly key: BlsKey; readonly digest: string },
): BatchReceipt {
  const { seat, signature } = parseAnswer(body);
  if (seat !== expected.seat) throw bad(`it is of seat ${seat}, not ${expected.seat}`);
  if (isSignedBy(getBytes(expected.digest), expected.key, signature)) return { seat, signature };
  throw bad(`the member in seat ${seat} did not sign it`);
}

function parseAnswer(body: Uint8Array): BatchReceipt {
  let data: unknown;
  try {
    data = JSON.parse(textOf(body));
  } catch {
    throw bad("it is not JSON");
  }
  const parsed = answer.safeParse(data);
  if (!parsed.success) throw bad(z.prettifyError(parsed.error).slice(0, 200));
  const { seat, signature } = parsed.data;
  const words = Array.from({ length: SIGNATURE_WORDS }, (_, i) =>
    dataSlice(signature, i * WORD, (i + 1) * WORD),
  ) as unknown as G2Point["words"];
  return { seat, signature: decodeSignature({ words }) };
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-receipt", `not a receipt for a batch: ${reason}`, { reason });
}
