/**
 * GF(2^16) in the representation of catid/leopard FF16: element i is the sum of those Cantor basis elements whose bit is set in
 * i, where the basis elements are polynomials over GF(2) modulo x^16 + x^5 + x^3 + x^2 + 1. Addition is XOR in either view.
 */
export interface Field {
  multiply(a: number, b: number): number;
  /** Throws RangeError for zero. */
  invert(a: number): number;
  /** Discrete logarithm of a non-zero element, 0..65534. */
  log(a: number): number;
  /** Element with a logarithm, taken modulo 65535. */
  exp(log: number): number;
}

export const ORDER = 65_536;
/** Order of the multiplicative group: logarithms are counted modulo this. */
export const MODULUS = 65_535;

const POLYNOMIAL = 0x1002d;
const CANTOR_BASIS = [
  0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8,
  0xfb34, 0xff38, 0x991e,
];

export function createField(): Field {
  const polynomialLogs = logarithmsOfPolynomials();
  const logs = new Uint16Array(ORDER);
  const exps = new Uint16Array(MODULUS);
  for (let element = 1; element < ORDER; element++) {
    const log = polynomialLogs[polynomialOf(element)]!;
    logs[element] = log;
    exps[log] = element;
  }
  const exp = (log: number) => exps[log % MODULUS]!;
  return {
    exp,
    log: (a) => logs[a]!,
    multiply: (a, b) => (a === 0 || b === 0 ? 0 : exp(logs[a]! + logs[b]!)),
    invert(a) {
      if (a === 0) throw new RangeError("zero has no inverse");
      return exp(MODULUS - logs[a]!);
    },
  };
}

/** The polynomial that a Cantor index stands for. */
export function polynomialOf(element: number): number {
  return CANTOR_BASIS.reduce((sum, basis, bit) => ((element >> bit) & 1 ? sum ^ basis : sum), 0);
}

/** Product of two polynomials, one bit at a time. */
export function multiplyPolynomials(a: number, b: number): number {
  let product = 0;
  for (let bit = 15; bit >= 0; bit--) {
    product <<= 1;
    if (product >= ORDER) product ^= POLYNOMIAL;
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** Logarithms to the base x. */
function logarithmsOfPolynomials(): Uint16Array {
  const logs = new Uint16Array(ORDER);
  let power = 1;
  for (let log = 0; log < MODULUS; log++) {
    logs[power] = log;
    power <<= 1;
    if (power >= ORDER) power ^= POLYNOMIAL;
  }
  return logs;
}
