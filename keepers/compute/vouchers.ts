import { TypedDataEncoder, type TypedDataField } from "ethers";
import type { KeySigner } from "../runtime/keys/signer.ts";
import { type Market, marketDomain } from "./receipts.ts";

/** A user's cumulative promise to pay; fields as `Voucher` in contracts/compute/types/ComputeTypes.sol. */
export interface Voucher {
  readonly session: bigint;
  /** Wei owed since the session opened. */
  readonly amount: bigint;
  /** Number of receipts that the amount covers. */
  readonly receipts: bigint;
  /** Mountain-range root over those receipts. */
  readonly receiptsRoot: string;
}

export interface SignedVoucher {
  readonly voucher: Voucher;
  readonly signature: string;
}

const VOUCHER: Record<string, TypedDataField[]> = {
  Voucher: [
    { name: "session", type: "uint64" },
    { name: "amount", type: "uint128" },
    { name: "receipts", type: "uint64" },
    { name: "receiptsRoot", type: "bytes32" },
  ],
};

export function voucherDigest(market: Market, voucher: Voucher): string {
  return TypedDataEncoder.hash(marketDomain(market), VOUCHER, voucher);
}

export async function signVoucher(
  signer: KeySigner,
  market: Market,
  voucher: Voucher,
): Promise<SignedVoucher> {
  const signature = await signer.signTypedData(marketDomain(market), VOUCHER, { ...voucher });
  return { voucher, signature };
}
