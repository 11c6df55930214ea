import { hexlify, type TypedDataDomain, type TypedDataField } from "ethers";
import type { Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { recoverTypedData } from "../../runtime/keys/recoverAddress.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import { TypedDataHasher } from "../../runtime/keys/typedData.ts";
import { textOf } from "../../runtime/platform/bytes.ts";

/** A member's word that it holds strips of a segment on its disk. */
export interface SegmentReceipt {
  readonly commitment: Uint8Array;
  readonly shape: Shape;
  /** Slots whose strip is held, bit i for slot i. */
  readonly slots: bigint;
}

export interface SignedReceipt extends SegmentReceipt {
  /** Key that signed. */
  readonly signer: string;
  /** 65 bytes, 0x-hex. */
  readonly signature: string;
}

/** Where receipts count: one committee on one chain. */
export interface ReceiptScope {
  readonly chainId: number;
  readonly committee: string;
}

const TYPES: Record<string, TypedDataField[]> = {
  SegmentReceipt: [
    { name: "commitment", type: "bytes32" },
    { name: "k", type: "uint32" },
    { name: "n", type: "uint32" },
    { name: "rowSize", type: "uint32" },
    { name: "slots", type: "uint256" },
  ],
};
const HASHER = new TypedDataHasher(TYPES);

/** Signs that the strips of `receipt.slots` are held. */
export async function signReceipt(
  signer: KeySigner,
  scope: ReceiptScope,
  receipt: SegmentReceipt,
): Promise<SignedReceipt> {
  const signature = await signer.signTypedData(domainOf(scope), TYPES, messageOf(receipt));
  return { ...receipt, signer: signer.address, signature };
}

/** JSON form: what a node answers to an upload. */
export function receiptToJson(receipt: SignedReceipt): object {
  return { slots: `0x${receipt.slots.toString(16)}`, signer: receipt.signer, signature: receipt.signature };
}

/**
 * Reads the answer to an upload of `commitment` in `shape`.
 * @throws FatalError storage/bad-receipt when it is garbage or `signer` did not sign it
 */
export function readReceipt(
  body: Uint8Array,
  scope: ReceiptScope,
  expected: { readonly commitment: Uint8Array; readonly shape: Shape; readonly signer: string },
): SignedReceipt {
  const { commitment, shape, signer } = expected;
  const { slots, signature } = parseAnswer(body);
  const receipt = { commitment, shape, slots };
  if (recover(scope, receipt, signature) !== signer.toLowerCase()) {
    throw badReceipt(`it is not signed by ${signer}`);
  }
  return { ...receipt, signer, signature };
}

function parseAnswer(body: Uint8Array): { slots: bigint; signature: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(body));
  } catch {
    throw badReceipt("it is not JSON");
  }
  const { slots, signature } = (parsed ?? {}) as Record<string, unknown>;
  if (typeof slots !== "string" || !/^0x[0-9a-f]{1,64}$/.test(slots))
    throw badReceipt("its slots are no 256-bit number");
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]{130}$/.test(signature))
    throw badReceipt("it has no signature");
  return { slots: BigInt(slots), signature };
}

function recover(scope: ReceiptScope, receipt: SegmentReceipt, signature: string): string | undefined {
  try {
    return recoverTypedData(domainOf(scope), HASHER, messageOf(receipt), signature).toLowerCase();
  } catch {
    return undefined;
  }
}

function domainOf({ chainId, committee }: ReceiptScope): TypedDataDomain {
  return { name: "Mycelia Committees", version: "1", chainId, verifyingContract: committee };
}

function messageOf({ commitment, shape, slots }: SegmentReceipt): Record<string, unknown> {
  return { commitment: hexlify(commitment), k: shape.k, n: shape.n, rowSize: shape.rowSize, slots };
}

function badReceipt(reason: string): FatalError {
  return new FatalError("storage/bad-receipt", `not a receipt: ${reason}`, { reason });
}
