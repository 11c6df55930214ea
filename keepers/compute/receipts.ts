import {
  AbiCoder,
  getBytes,
  keccak256,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
  ZeroHash,
} from "ethers";
import type { KeySigner } from "../runtime/keys/signer.ts";

/** A provider's promise for one answer; fields as `Receipt` in contracts/compute/types/ComputeTypes.sol. */
export interface Receipt {
  readonly session: bigint;
  /** Position in the session, from 0. */
  readonly index: bigint;
  readonly modelId: string;
  /** keccak256(abi.encode(requestDigest, responseDigest, salt)). */
  readonly exchange: string;
  readonly unitsIn: bigint;
  readonly unitsOut: bigint;
  /** Wei. */
  readonly price: bigint;
  readonly usesRoot: string;
  /** Unix seconds until which the provider must serve the evidence. */
  readonly deadline: bigint;
}

/** A receipt with what opens its exchange. */
export interface SignedReceipt {
  readonly receipt: Receipt;
  readonly salt: string;
  readonly signature: string;
}

/** Where receipts and vouchers of one market count. */
export interface Market {
  readonly chainId: number;
  /** Address of the Sessions contract. */
  readonly sessions: string;
}

export const NO_USES = ZeroHash;

const RECEIPT: Record<string, TypedDataField[]> = {
  Receipt: [
    { name: "session", type: "uint64" },
    { name: "index", type: "uint64" },
    { name: "modelId", type: "bytes32" },
    { name: "exchange", type: "bytes32" },
    { name: "unitsIn", type: "uint64" },
    { name: "unitsOut", type: "uint64" },
    { name: "price", type: "uint128" },
    { name: "usesRoot", type: "bytes32" },
    { name: "deadline", type: "uint64" },
  ],
};

/** EIP-712 domain of the Sessions contract. */
export function marketDomain(market: Market): TypedDataDomain {
  return {
    name: "Mycelia Sessions",
    version: "1",
    chainId: market.chainId,
    verifyingContract: market.sessions,
  };
}

/** Hash of exactly the bytes of a request or response body. */
export function bodyDigest(bytes: Uint8Array): string {
  return keccak256(bytes);
}

/** Binds an answer to its request without showing either; the salt opens it. */
export function exchangeOf(requestDigest: string, responseDigest: string, salt: string): string {
  const types = ["bytes32", "bytes32", "bytes32"];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, [requestDigest, responseDigest, salt]));
}

/** EIP-712 digest of a receipt: what is signed, and the data of its mountain-range leaf. */
export function receiptDigest(market: Market, receipt: Receipt): string {
  return TypedDataEncoder.hash(marketDomain(market), RECEIPT, receipt);
}

export function receiptLeaf(digest: string): Uint8Array {
  return getBytes(digest);
}

export function signReceipt(signer: KeySigner, market: Market, receipt: Receipt): Promise<string> {
  return signer.signTypedData(marketDomain(market), RECEIPT, { ...receipt });
}
