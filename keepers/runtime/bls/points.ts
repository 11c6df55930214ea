import { concat, getBytes, hexlify } from "ethers";
import { FatalError } from "../errors.ts";
import {
  type BlsKey,
  type BlsSignature,
  blsKeyFrom,
  blsSignatureFrom,
  bytesOfPoint,
} from "../platform/bls.ts";
import { concatBytes } from "../platform/bytes.ts";

/** A point of G1 as EIP-2537 and core/BLS encode it: four words of 32 bytes, 0x-hex. */
export interface G1Point {
  readonly x0: string;
  readonly x1: string;
  readonly y0: string;
  readonly y1: string;
}

/** A point of G2 as EIP-2537 and core/BLS encode it: x.c0, x.c1, y.c0, y.c1, two words of 32 bytes each, 0x-hex. */
export interface G2Point {
  readonly words: [string, string, string, string, string, string, string, string];
}

const COORDINATE = 48;
const WORDS_BYTES = 64;
/** Set in the first byte of an uncompressed point at infinity, whose other bits are all zero. */
const INFINITY_FLAG = 0x40;

/** A public key for a contract. */
export function encodeKey(key: BlsKey): G1Point {
  const [x, y] = coordinates(bytesOfPoint(key));
  const [x0, x1] = halves(x!);
  const [y0, y1] = halves(y!);
  return { x0, x1, y0, y1 };
}

/** A signature for a contract. The usual serialization has the imaginary part of a coordinate first, EIP-2537 the real part. */
export function encodeSignature(signature: BlsSignature): G2Point {
  const [x1, x0, y1, y0] = coordinates(bytesOfPoint(signature));
  return {
    words: [...halves(x0!), ...halves(x1!), ...halves(y0!), ...halves(y1!)],
  };
}

/** A public key out of a contract. @throws FatalError bls/bad-point unless it is one: on the curve, in the subgroup, not infinity */
export function decodeKey({ x0, x1, y0, y1 }: G1Point): BlsKey {
  return decoded(() => blsKeyFrom(concatBytes([whole(x0, x1), whole(y0, y1)])));
}

/** A signature as a contract takes it. @throws FatalError bls/bad-point unless it is one: on the curve, in the subgroup */
export function decodeSignature({ words }: G2Point): BlsSignature {
  const [x0, x1, y0, y1] = [0, 2, 4, 6].map((at) => whole(words[at]!, words[at + 1]!));
  return decoded(() => blsSignatureFrom(concatBytes([x1!, x0!, y1!, y0!])));
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new FatalError(
      "bls/bad-point",
      "these bytes are no point of BLS12-381 that may be used",
      {},
      cause,
    );
  }
}

/** 48 bytes out of two words. @throws FatalError bls/bad-point when the first does not begin with 16 zero bytes */
function whole(high: string, low: string): Uint8Array {
  const bytes = getBytes(concat([high, low]));
  if (bytes.length === WORDS_BYTES && bytes.subarray(0, 16).every((byte) => byte === 0))
    return bytes.subarray(16);
  throw new FatalError("bls/bad-point", "a coordinate is two words, the first of at most 16 bytes");
}

function coordinates(point: Uint8Array): Uint8Array[] {
  const bytes = Uint8Array.from(point);
  bytes[0]! &= ~INFINITY_FLAG;
  return Array.from({ length: bytes.length / COORDINATE }, (_, i) =>
    bytes.subarray(i * COORDINATE, (i + 1) * COORDINATE),
  );
}

/** 48 bytes as two words: 16 zero bytes and the first 16, then the other 32. */
function halves(coordinate: Uint8Array): [high: string, low: string] {
  const high = new Uint8Array(32);
  high.set(coordinate.subarray(0, 16), 16);
  return [hexlify(high), hexlify(coordinate.subarray(16))];
}
