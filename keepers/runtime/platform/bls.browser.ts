import { bls12_381 } from "@noble/curves/bls12-381.js";

const { G1, G2, longSignatures } = bls12_381;
/** The ciphersuite of receipts: what the other half, bls.ts, hashes under by default. */
const DOMAIN = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/** As bls.ts, in JavaScript: a client checks one signature a member and batch. */
export type BlsKey = InstanceType<typeof G1.Point>;
export type BlsSignature = InstanceType<typeof G2.Point>;

export function blsKeyFrom(bytes: Uint8Array): BlsKey {
  const key = G1.Point.fromBytes(bytes);
  key.assertValidity();
  if (key.is0()) throw new RangeError("the key is infinity");
  return key;
}

export function blsSignatureFrom(bytes: Uint8Array): BlsSignature {
  const signature = G2.Point.fromBytes(bytes);
  signature.assertValidity();
  return signature;
}

export function bytesOfPoint(point: BlsKey | BlsSignature): Uint8Array {
  return point.toBytes(false);
}

export function aggregate(signatures: readonly BlsSignature[]): BlsSignature {
  return longSignatures.aggregateSignatures([...signatures]);
}

export function isSignedBy(message: Uint8Array, key: BlsKey, signature: BlsSignature): boolean {
  return longSignatures.verify(signature, longSignatures.hash(message, DOMAIN), key);
}
