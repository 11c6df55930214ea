import { toBeHex } from "ethers";
import type { G1Point, G2Point } from "../../../keepers/runtime/bls/points.ts";

/** Modulus of BLS12-381's field. */
export const P =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const WORD = 1n << 256n;

export const INFINITY_G1 = g1(0n, 0n);
export const INFINITY_G2: G2Point = g2([0n, 0n, 0n, 0n]);

/** Any two numbers below 2^512 as a point of G1, on the curve or not. */
export function g1(x: bigint, y: bigint): G1Point {
  const [x0, x1] = halves(x);
  const [y0, y1] = halves(y);
  return { x0, x1, y0, y1 };
}

/** Any four numbers below 2^512 as a point of G2: x.c0, x.c1, y.c0, y.c1. */
export function g2(coordinates: bigint[]): G2Point {
  return { words: coordinates.flatMap(halves) as G2Point["words"] };
}

export const coordinatesOf = (words: readonly string[]): bigint[] =>
  Array.from(
    { length: words.length / 2 },
    (_, i) => BigInt(words[2 * i]!) * WORD + BigInt(words[2 * i + 1]!),
  );

export const wordsOf = ({ x0, x1, y0, y1 }: G1Point): string[] => [x0, x1, y0, y1];

/** A point of the curve y^2 = x^3 + 4 that isn't in the subgroup, as nearly all aren't. */
export function strayG1(): G1Point {
  for (let x = 5n; ; x++) {
    const square = mod(x ** 3n + 4n);
    const y = power(square, (P + 1n) / 4n);
    if (mod(y * y) === square) return g1(x, y);
  }
}

/** A point of the twist y^2 = x^3 + 4(1 + u) that isn't in the subgroup. */
export function strayG2(): G2Point {
  for (let x = 1n; ; x++) {
    const square: Fp2 = [mod(x ** 3n + 4n), 4n];
    const y = rootOf(square);
    if (y !== undefined) return g2([x, 0n, ...y]);
  }
}

type Fp2 = [real: bigint, imaginary: bigint];

function halves(value: bigint): [string, string] {
  return [toBeHex(value / WORD, 32), toBeHex(value % WORD, 32)];
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

/** Square root by the norm: with |a| = sqrt(norm(a)), the real part squared is (a0 + |a|) / 2 or (a0 - |a|) / 2. */
function rootOf([a0, a1]: Fp2): Fp2 | undefined {
  const norm = power(a0 * a0 + a1 * a1, (P + 1n) / 4n);
  const half = (P + 1n) / 2n;
  for (const square of [mod((a0 + norm) * half), mod((a0 - norm) * half)]) {
    const real = power(square, (P + 1n) / 4n);
    const imaginary = mod(a1 * half * power(real, P - 2n));
    const isRoot = mod(real * real - imaginary * imaginary) === a0 && mod(2n * real * imaginary) === a1;
    if (isRoot) return [real, imaginary];
  }
  return undefined;
}
