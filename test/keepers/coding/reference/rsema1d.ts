import { createField, type Field } from "./field.ts";
import { encodeParity, rebuildOriginals } from "./leopard.ts";
import { rowOf, symbolsOf } from "./symbols.ts";
import { createTransform } from "./transform.ts";
import { growTree, sha256 } from "./tree.ts";

export interface ReferenceShape {
  readonly k: number;
  readonly n: number;
  readonly rowSize: number;
}

export interface ReferenceSegment {
  readonly shape: ReferenceShape;
  /** All k + n rows, originals first. */
  readonly rows: Uint8Array[];
  readonly rowRoot: Uint8Array;
  /** RLC values of the originals, 16 bytes each. */
  readonly rlc: Uint8Array[];
  readonly rlcRoot: Uint8Array;
  readonly commitment: Uint8Array;
  rowPath(index: number): Uint8Array[];
  rlcPath(index: number): Uint8Array[];
}

/** RSEMA1D, one statement of the specification at a time: slow, and the judge of everything that is fast. */
export interface Reference {
  readonly field: Field;
  /** @param data zero-padded to k * rowSize bytes */
  encode(data: Uint8Array, shape: ReferenceShape): ReferenceSegment;
  /** Commits to any k + n rows, a codeword or not: what a cheating encoder would do. */
  commit(rows: Uint8Array[], shape: ReferenceShape): ReferenceSegment;
  /** Original rows out of any k rows. */
  rebuild(rows: ReadonlyMap<number, Uint8Array>, shape: ReferenceShape): Uint8Array[];
  /** Coefficients of the symbol positions, eight components each. */
  coefficients(rowRoot: Uint8Array, shape: ReferenceShape): Uint16Array[];
  /** Random linear combination of a row's symbols, 16 bytes. */
  rlcOf(row: Uint8Array, coefficients: readonly Uint16Array[]): Uint8Array;
  /** RLC values of all k + n rows out of those of the originals, by the code's linearity. */
  extendRlc(rlc: readonly Uint8Array[], n: number): Uint8Array[];
}

const COMPONENTS = 8;

export function createReference(): Reference {
  const field = createField();
  const transform = createTransform(field);
  const parityOf = (originals: readonly Uint8Array[], n: number) =>
    encodeParity(transform, originals.map(symbolsOf), n).map(rowOf);

  const reference: Reference = {
    field,
    encode(data, shape) {
      const originals = cut(data, shape);
      return reference.commit([...originals, ...parityOf(originals, shape.n)], shape);
    },
    commit(rows, shape) {
      const rowTree = growTree(rows);
      const coefficients = reference.coefficients(rowTree.root, shape);
      const rlc = rows.slice(0, shape.k).map((row) => reference.rlcOf(row, coefficients));
      const rlcTree = growTree(rlc);
      const commitment = sha256(rowTree.root, rlcTree.root);
      const [rowRoot, rlcRoot] = [rowTree.root, rlcTree.root];
      return { shape, rows, rowRoot, rlc, rlcRoot, commitment, rowPath: rowTree.path, rlcPath: rlcTree.path };
    },
    rebuild(rows, shape) {
      const known = new Map([...rows].map(([index, row]) => [index, symbolsOf(row)]));
      return rebuildOriginals(field, transform, known, shape).map(rowOf);
    },
    coefficients(rowRoot, { k, n, rowSize }) {
      const seed = sha256(rowRoot, littleEndian32(k), littleEndian32(n), littleEndian32(rowSize));
      return Array.from({ length: rowSize / 2 }, (_, i) => fold(sha256(seed, littleEndian32(i))));
    },
    rlcOf: (row, coefficients) => combine(field, symbolsOf(row), coefficients),
    extendRlc: (rlc, n) => [...rlc, ...parityOf(rlc.map(toShard), n).map(fromShard)],
  };
  return reference;
}

function cut(data: Uint8Array, { k, rowSize }: ReferenceShape): Uint8Array[] {
  if (data.length > k * rowSize) throw new RangeError(`${data.length} bytes are more than ${k * rowSize}`);
  const padded = new Uint8Array(k * rowSize);
  padded.set(data);
  return Array.from({ length: k }, (_, r) => padded.slice(r * rowSize, (r + 1) * rowSize));
}

function littleEndian32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Eight little-endian u16 of the first half of a hash plus those of the second. */
function fold(hash: Uint8Array): Uint16Array {
  const at = (i: number) => hash[2 * i]! | (hash[2 * i + 1]! << 8);
  return Uint16Array.from({ length: COMPONENTS }, (_, i) => at(i) ^ at(i + COMPONENTS));
}

function combine(field: Field, symbols: Uint16Array, coefficients: readonly Uint16Array[]): Uint8Array {
  const sum = new Uint16Array(COMPONENTS);
  for (const [s, symbol] of symbols.entries()) {
    for (let i = 0; i < COMPONENTS; i++) sum[i]! ^= field.multiply(coefficients[s]![i]!, symbol);
  }
  return Uint8Array.from({ length: 2 * COMPONENTS }, (_, b) => (sum[b >> 1]! >> (8 * (b & 1))) & 0xff);
}

/** An RLC value as the first eight symbols of a 64-byte row. */
function toShard(rlc: Uint8Array): Uint8Array {
  const symbols = new Uint16Array(32);
  for (let i = 0; i < COMPONENTS; i++) symbols[i] = rlc[2 * i]! | (rlc[2 * i + 1]! << 8);
  return rowOf(symbols);
}

function fromShard(shard: Uint8Array): Uint8Array {
  const symbols = symbolsOf(shard);
  return Uint8Array.from({ length: 2 * COMPONENTS }, (_, b) => (symbols[b >> 1]! >> (8 * (b & 1))) & 0xff);
}
