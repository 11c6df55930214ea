import { type Field, MODULUS, ORDER } from "./field.ts";
import type { Shards, Transform } from "./transform.ts";

/**
 * Reed-Solomon as catid/leopard lays it out. With m the smallest power of two >= n, parity shard i is the value at point i and
 * original shard i the value at point m + i. Encoding sums the inverse transforms of runs of m originals (missing ones count as
 * zero) and transforms the sum to the points from 0 on.
 * @throws RangeError when the code needs more points than the field has
 */
export function encodeParity(transform: Transform, originals: Shards, n: number): Shards {
  const m = parityPoints(originals.length, n);
  const length = originals[0]!.length;
  const sum = emptyShards(m, length);
  for (let start = 0; start < originals.length; start += m) {
    const run = emptyShards(m, length).map((zero, i) => originals[start + i]?.slice() ?? zero);
    transform.inverse(run, m + start);
    for (let i = 0; i < m; i++) addInto(sum[i]!, run[i]!);
  }
  transform.forward(sum, 0);
  return sum.slice(0, n);
}

/**
 * Originals out of any k of the k + n shards; index r < k is original r, index k + i parity i.
 * The known values times the erasure locator are the values of (message · locator), zero at what is missing; the formal
 * derivative of that product, at an erased point, is the message times the locator's derivative there.
 * @throws RangeError with fewer than k shards
 */
export function rebuildOriginals(
  field: Field,
  transform: Transform,
  known: ReadonlyMap<number, Uint16Array>,
  shape: { readonly k: number; readonly n: number },
): Shards {
  const { k, n } = shape;
  if (known.size < k) throw new RangeError(`${known.size} shards are fewer than k = ${k}`);
  const m = parityPoints(k, n);
  const length = known.values().next().value!.length;
  const shards = emptyShards(powerOfTwoFrom(m + k), length);
  const atPoint = new Map([...known].map(([r, shard]) => [r < k ? m + r : r - k, shard]));
  const erased = Array.from({ length: m + k }, (_, point) => point).filter((point) => !atPoint.has(point));
  for (const [point, shard] of atPoint)
    scaleInto(field, shards[point]!, shard, locatorLog(field, erased, point));
  transform.inverse(shards, 0);
  differentiate(shards);
  transform.forward(shards, 0);
  return Array.from({ length: k }, (_, r) => {
    const original = known.get(r)?.slice();
    if (original !== undefined) return original;
    const rebuilt = new Uint16Array(length);
    scaleInto(field, rebuilt, shards[m + r]!, MODULUS - (locatorLog(field, erased, m + r) % MODULUS));
    return rebuilt;
  });
}

/** Logarithm of the product of (point - e) over all erased points e but the point itself. */
function locatorLog(field: Field, erased: readonly number[], point: number): number {
  return erased.reduce((sum, e) => (e === point ? sum : (sum + field.log(e ^ point)) % MODULUS), 0);
}

/** Formal derivative in the novel polynomial basis, up to the constant that the reading of the erasures cancels. */
function differentiate(shards: Shards): void {
  for (let i = 1; i < shards.length; i++) {
    const width = ((i ^ (i - 1)) + 1) >> 1;
    for (let j = 0; j < width; j++) addInto(shards[i - width + j]!, shards[i + j]!);
  }
}

function parityPoints(k: number, n: number): number {
  const m = powerOfTwoFrom(n);
  if (m + k > ORDER) throw new RangeError(`k = ${k}, n = ${n} needs ${m + k} points, the field has ${ORDER}`);
  return m;
}

function powerOfTwoFrom(count: number): number {
  return count <= 1 ? 1 : 2 ** Math.ceil(Math.log2(count));
}

function emptyShards(count: number, length: number): Shards {
  return Array.from({ length: count }, () => new Uint16Array(length));
}

function addInto(target: Uint16Array, source: Uint16Array): void {
  for (let i = 0; i < target.length; i++) target[i]! ^= source[i]!;
}

function scaleInto(field: Field, target: Uint16Array, source: Uint16Array, log: number): void {
  const factor = field.exp(log);
  for (let i = 0; i < target.length; i++) target[i] = field.multiply(source[i]!, factor);
}
