import { aggregateSignatures, PublicKey, Signature, verify } from "@chainsafe/blst";

/** BLS12-381 with keys in G1 and signatures in G2, under the ciphersuite of receipts. */
export type BlsKey = PublicKey;
export type BlsSignature = Signature;

/** Of the uncompressed form. @throws unless it is on the curve, in the subgroup, and not infinity */
export function blsKeyFrom(bytes: Uint8Array): BlsKey {
  return PublicKey.fromBytes(bytes, true);
}

/** Of the uncompressed form. @throws unless it is on the curve and in the subgroup */
export function blsSignatureFrom(bytes: Uint8Array): BlsSignature {
  return Signature.fromBytes(bytes, true);
}

/** The uncompressed form of a key or a signature. */
export function bytesOfPoint(point: BlsKey | BlsSignature): Uint8Array {
  return point.toBytes(false);
}

export function aggregate(signatures: readonly BlsSignature[]): BlsSignature {
  return aggregateSignatures([...signatures]);
}

/** Key and signature are of points that were checked when they were read. */
export function isSignedBy(message: Uint8Array, key: BlsKey, signature: BlsSignature): boolean {
  return verify(message, key, signature, false, false);
}
