import { getBytes, hexlify } from "ethers";
import type { TypedContractMethod } from "../../../typechain-types/common.js";
import type { Reference, ReferenceSegment } from "../../keepers/coding/reference/rsema1d.ts";

export type Shape = { k: number; n: number; rowSize: number };
export type RowProof = { index: number | bigint; row: string; path: string[] };
export type RlcProof = { value: string; path: string[] };
export type Open = [commitment: string, shape: Shape, proof: RowProof, rlcRoot: string];
export type Judge = [commitment: string, shape: Shape, proof: RowProof, rlc: RlcProof];
type View<A extends unknown[], R> = TypedContractMethod<A, [R], "view">;
export interface Rsema1dProbe {
  opens: View<Open, boolean>;
  requireOpen: View<Open, undefined>;
  judge: View<Judge, [bigint, string]>;
  requireSound: View<Judge, undefined>;
  rlcOf: View<[rowRoot: string, shape: Shape, row: string], string>;
  combineBasis: View<[vectors: bigint[]], string>;
}
export const VERDICT = { malformed: 0n, foreign: 1n, miscoded: 2n, sound: 3n };

/** Bytes that look random and are the same in every run. */
export function noise(length: number, seed: number): Uint8Array {
  let state = seed >>> 0 || 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

export const encodeNoise = (reference: Reference, shape: Shape, seed: number) =>
  reference.encode(noise(shape.k * shape.rowSize, seed), shape);
export const rowProof = (segment: ReferenceSegment, index: number): RowProof => ({
  index,
  row: hexlify(segment.rows[index]!),
  path: segment.rowPath(index).map(hexlify),
});
export const rlcProof = (segment: ReferenceSegment, index: number): RlcProof => ({
  value: hexlify(segment.rlc[index]!),
  path: segment.rlcPath(index).map(hexlify),
});
export const openArguments = (segment: ReferenceSegment, index: number): Open => [
  hexlify(segment.commitment),
  segment.shape,
  rowProof(segment, index),
  hexlify(segment.rlcRoot),
];
export const judgeArguments = (segment: ReferenceSegment, index: number): Judge => [
  hexlify(segment.commitment),
  segment.shape,
  rowProof(segment, index),
  rlcProof(segment, index),
];

/** `bytes` with one bit turned over. */
export function flip(bytes: string, bit: number): string {
  const changed = getBytes(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return hexlify(changed);
}
