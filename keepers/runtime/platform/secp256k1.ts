import { recover } from "tiny-secp256k1";

/**
 * The uncompressed public key whose owner signed a digest; null when no key can have made the signature.
 * @param signature r and s, 64 bytes
 */
export function recoverKey(digest: Uint8Array, signature: Uint8Array, yParity: 0 | 1): Uint8Array | null {
  return recover(digest, signature, yParity, false);
}
