import type { PublicKey, Signature } from "@chainsafe/blst";
import { hexlify } from "ethers";

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
const COMPRESSED = false;
/** Set in the first byte of an uncompressed point at infinity, whose other bits are all zero. */
const INFINITY_FLAG = 0x40;

/** A public key for a contract. */
export function encodeKey(key: PublicKey): G1Point {
  const [x, y] = coordinates(key.toBytes(COMPRESSED));
  const [x0, x1] = halves(x!);
  const [y0, y1] = halves(y!);
  return { x0, x1, y0, y1 };
}

/** A signature for a contract. The usual serialization has the imaginary part of a coordinate first, EIP-2537 the real part. */
export function encodeSignature(signature: Signature): G2Point {
  const [x1, x0, y1, y0] = coordinates(signature.toBytes(COMPRESSED));
  return {
    words: [...halves(x0!), ...halves(x1!), ...halves(y0!), ...halves(y1!)],
  };
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
