/**
 * GF(2^16) with polynomial 0x1002D, its elements written in the Cantor basis of catid/leopard FF16: bit i of an
 * element stands for basis element i, where b(i)^2 + b(i) = b(i - 1) and b(0) = 1. Addition is XOR in any basis.
 */

const fieldSize = 65_536;
/** The order of the multiplicative group; logarithms are integers modulo it. */
export const fieldOrder = 65_535;
const polynomial = 0x1002d;
// The Cantor basis as powers of x modulo the polynomial (catid/leopard, kCantorBasis of FF16).
const basis = [
  0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8,
  0xfb34, 0xff38, 0x991e,
];

export interface Field {
  /** Logarithm of every element but 0, whose entry is 0. */
  readonly log: Uint16Array;
  multiply(a: number, b: number): number;
  /** Of an element that is not 0. */
  invert(a: number): number;
  /** The element with this logarithm, any integer from 0 below 2^53. */
  exp(logarithm: number): number;
}

export function createField(): Field {
  const log = new Uint16Array(fieldSize);
  const powers = new Uint16Array(fieldOrder);
  const cantor = cantorCoordinates();
  for (let exponent = 0, power = 1; exponent < fieldOrder; exponent++) {
    const element = cantor[power]!;
    powers[exponent] = element;
    log[element] = exponent;
    power = power & 0x8000 ? (power << 1) ^ polynomial : power << 1;
  }
  const exp = (logarithm: number) => powers[logarithm % fieldOrder]!;
  return {
    log,
    exp,
    multiply: (a, b) => (a === 0 || b === 0 ? 0 : exp(log[a]! + log[b]!)),
    invert: (a) => exp(fieldOrder - log[a]!),
  };
}

/** From the polynomial form of an element to its Cantor coordinates. */
function cantorCoordinates(): Uint16Array {
  const coordinates = new Uint16Array(fieldSize);
  const polynomialForm = new Uint16Array(fieldSize);
  for (let element = 1; element < fieldSize; element++) {
    const low = 31 - Math.clz32(element & -element);
    polynomialForm[element] = polynomialForm[element & (element - 1)]! ^ basis[low]!;
    coordinates[polynomialForm[element]!] = element;
  }
  return coordinates;
}
