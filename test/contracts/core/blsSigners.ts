import { SecretKey } from "@chainsafe/blst";
import { getBytes } from "ethers";
import {
  encodeKey,
  encodeSignature,
  type G1Point,
  type G2Point,
} from "../../../keepers/runtime/bls/points.ts";
import type { TypedContractMethod } from "../../../typechain-types/common.js";

type View<A extends unknown[], R> = TypedContractMethod<A, [R], "view">;
export interface BLSProbe {
  add: View<[a: G1Point, b: G1Point], string[]>;
  negate: View<[a: G1Point], string[]>;
  isValidKey: View<[key: G1Point], boolean>;
  hashToG2: View<[digest: string], [words: string[]]>;
  verify: View<[key: G1Point, digest: string, signature: G2Point], boolean>;
  judge: TypedContractMethod<[key: G1Point, digest: string, signature: G2Point], [], "nonpayable">;
}

/** The i-th of as many keys as a test wants. */
export const secretOf = (i: number) =>
  SecretKey.fromKeygen(getBytes(`0x${i.toString(16).padStart(64, "0")}`));
export const keyOf = (secret: SecretKey) => encodeKey(secret.toPublicKey());
export const sign = (secret: SecretKey, digest: string) => encodeSignature(secret.sign(getBytes(digest)));
