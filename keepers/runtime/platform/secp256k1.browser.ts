import { getBytes, hexlify, Signature, SigningKey } from "ethers";

/** As secp256k1.ts, without a megabyte of WebAssembly. */
export function recoverKey(digest: Uint8Array, signature: Uint8Array, yParity: 0 | 1): Uint8Array | null {
  const [r, s] = [hexlify(signature.subarray(0, 32)), hexlify(signature.subarray(32))];
  try {
    return getBytes(SigningKey.recoverPublicKey(digest, Signature.from({ r, s, yParity })));
  } catch {
    return null;
  }
}
