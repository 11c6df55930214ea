import { computeAddress, concat, getBytes, Signature, type TypedDataDomain } from "ethers";
import { hexOf } from "../platform/bytes.ts";
import { recoverKey } from "../platform/secp256k1.ts";
import type { TypedDataHasher } from "./typedData.ts";

/**
 * The checksummed address whose key signed a digest of 32 bytes: as `recoverAddress` of ethers judges it, in a sixth of the
 * time, by libsecp256k1.
 * @param signature of 64 or 65 bytes, 0x-hex, with the lower of the two possible s
 * @throws when no key can have made the signature
 */
export function recoverAddress(digest: string, signature: string): string {
  const { r, s, yParity } = Signature.from(signature);
  const key = recoverKey(getBytes(digest), getBytes(concat([r, s])), yParity);
  if (key === null) throw new RangeError("no key has made this signature");
  return computeAddress(`0x${hexOf(key)}`);
}

/** As `recoverAddress`, for a value of EIP-712. */
export function recoverTypedData(
  domain: TypedDataDomain,
  hasher: TypedDataHasher,
  value: Record<string, unknown>,
  signature: string,
): string {
  return recoverAddress(hasher.digest(domain, value), signature);
}
