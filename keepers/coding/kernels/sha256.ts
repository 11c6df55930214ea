/**
 * SHA-256 (FIPS 180-4) of four short messages at once, a message in each 32-bit lane. Native code is faster on long
 * messages; here a call would cost more than the hash.
 */

/** Bytes that the caller provides at `scratch`: 64 round constants and 16 schedule words, a vector each. */
const SCHEDULE: usize = 64 * 16;
const LANES: usize = 4;
const HASH: usize = 32;
const LEAF: usize = 16;
/** Length of a hashed message in bits: a prefix and a leaf, a prefix and two hashes, a seed and a counter. */
const LEAF_BITS: u32 = 8 * 17;
const NODE_BITS: u32 = 8 * 65;
const COUNTER_BITS: u32 = 8 * 36;

/** Spreads the 64 round constants (u32 at `constants`) over the lanes at `scratch`. */
export function prepareSha256(constants: usize, scratch: usize): void {
  for (let round: usize = 0; round < 64; round++) {
    v128.store(scratch + (round << 4), i32x4.splat(load<u32>(constants + (round << 2))));
  }
}

/** hashes[i] = SHA-256(0x00 || 16-byte leaf i); count is a multiple of 4, byte -1 of the leaves is readable. */
export function hashLeaves(leaves: usize, hashes: usize, count: usize, scratch: usize): void {
  for (let i: usize = 0; i < count; i += LANES) {
    loadWords(leaves - 1, LEAF, 0, scratch);
    setPrefix(0, scratch);
    const last = lastBytes(leaves + LEAF - 1, LEAF);
    setTail(last, 4, LEAF_BITS, scratch);
    start(hashes);
    compress(hashes, scratch);
    finish(hashes);
    leaves += LEAF * LANES;
    hashes += HASH * LANES;
  }
}

/** parents[i] = SHA-256(0x01 || children 2i, 2i + 1); count is a multiple of 4, byte -1 of the children is readable. */
export function hashNodes(children: usize, parents: usize, count: usize, scratch: usize): void {
  const step: usize = 2 * HASH;
  for (let i: usize = 0; i < count; i += LANES) {
    for (let quarter: usize = 0; quarter < 4; quarter++) {
      loadWords(children - 1 + (quarter << 4), step, quarter << 2, scratch);
    }
    setPrefix(1, scratch);
    const last = lastBytes(children + step - 1, step);
    start(parents);
    compress(parents, scratch);
    setTail(last, 0, NODE_BITS, scratch);
    compress(parents, scratch);
    finish(parents);
    children += step * LANES;
    parents += HASH * LANES;
  }
}

/**
 * As `hashNodes`, for pairs of children that lie anywhere: `pairs` is of two addresses each (u32), of the children and of where
 * their parent's hash belongs; count is a multiple of 4, byte -1 of children is readable, and `spare` has 128 bytes.
 */
export function hashPairs(pairs: usize, count: usize, spare: usize, scratch: usize): void {
  for (let i: usize = 0; i < count; i += LANES) {
    const a: usize = load<u32>(pairs), b: usize = load<u32>(pairs + 8);
    const c: usize = load<u32>(pairs + 16), d: usize = load<u32>(pairs + 24);
    for (let quarter: usize = 0; quarter < 4; quarter++) {
      const at = (quarter << 4) - 1;
      transpose(v128.load(a + at), v128.load(b + at), v128.load(c + at), v128.load(d + at), quarter << 2, scratch);
    }
    setPrefix(1, scratch);
    const end = 2 * HASH - 1;
    const last = i32x4.shl(i32x4(load<u8>(a + end), load<u8>(b + end), load<u8>(c + end), load<u8>(d + end)), 24);
    start(spare);
    compress(spare, scratch);
    setTail(last, 0, NODE_BITS, scratch);
    compress(spare, scratch);
    finish(spare);
    for (let lane: usize = 0; lane < LANES; lane++) {
      const parent: usize = load<u32>(pairs + (lane << 3) + 4), hash = spare + lane * HASH;
      v128.store(parent, v128.load(hash));
      v128.store(parent, v128.load(hash, 16), 16);
    }
    pairs += 8 * LANES;
  }
}

/** hashes[i] = SHA-256 of message i, which lies there padded, as `blocks` blocks of 64 bytes; count is a multiple of 4. */
export function hashBlocks(messages: usize, blocks: usize, hashes: usize, count: usize, scratch: usize): void {
  const step = blocks << 6;
  for (let i: usize = 0; i < count; i += LANES) {
    start(hashes);
    for (let at: usize = 0; at < step; at += 64) {
      for (let quarter: usize = 0; quarter < 4; quarter++) {
        loadWords(messages + at + (quarter << 4), step, quarter << 2, scratch);
      }
      compress(hashes, scratch);
    }
    finish(hashes);
    messages += step * LANES;
    hashes += HASH * LANES;
  }
}

/** hashes[i] = SHA-256(32-byte seed || little-endian u32 of from + i); count is a multiple of 4. */
export function hashCounters(seed: usize, from: u32, hashes: usize, count: usize, scratch: usize): void {
  for (let i: usize = 0; i < count; i += LANES) {
    loadWords(seed, 0, 0, scratch);
    loadWords(seed + 16, 0, 4, scratch);
    const counter = i32x4.add(i32x4.splat(from + <u32>i), i32x4(0, 1, 2, 3));
    setTail(i64x2.splat(0), 8, COUNTER_BITS, scratch);
    setWord(8, bigEndian(counter), scratch);
    setWord(9, i32x4.splat(0x80000000), scratch);
    start(hashes);
    compress(hashes, scratch);
    finish(hashes);
    hashes += HASH * LANES;
  }
}

// @ts-ignore: decorator
@inline
function bigEndian(words: v128): v128 {
  return i8x16.shuffle(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

// @ts-ignore: decorator
@inline
function setWord(index: usize, word: v128, scratch: usize): void {
  v128.store(scratch + SCHEDULE + (index << 4), word);
}

/** Words index ... index + 3 of the block, from 16 bytes of each of four messages `step` bytes apart. */
// @ts-ignore: decorator
@inline
function loadWords(at: usize, step: usize, index: usize, scratch: usize): void {
  transpose(
    v128.load(at), v128.load(at + step), v128.load(at + 2 * step), v128.load(at + 3 * step), index, scratch);
}

/** Words index ... index + 3 of the block, a message's in each of four vectors. */
// @ts-ignore: decorator
@inline
function transpose(first: v128, second: v128, third: v128, fourth: v128, index: usize, scratch: usize): void {
  const a = bigEndian(first), b = bigEndian(second), c = bigEndian(third), d = bigEndian(fourth);
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7), cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  setWord(index, i64x2.shuffle(ab, cd, 0, 2), scratch);
  setWord(index + 1, i64x2.shuffle(ab, cd, 1, 3), scratch);
  setWord(index + 2, i64x2.shuffle(abHigh, cdHigh, 0, 2), scratch);
  setWord(index + 3, i64x2.shuffle(abHigh, cdHigh, 1, 3), scratch);
}

/** The messages were read from one byte early: the prefix takes that byte's place. */
// @ts-ignore: decorator
@inline
function setPrefix(prefix: u32, scratch: usize): void {
  const word = v128.and(v128.load(scratch + SCHEDULE), i32x4.splat(0x00ffffff));
  setWord(0, v128.or(word, i32x4.splat(prefix << 24)), scratch);
}

/** One byte of each message, at the top of its lane. */
// @ts-ignore: decorator
@inline
function lastBytes(at: usize, step: usize): v128 {
  return i32x4.shl(
    i32x4(load<u8>(at), load<u8>(at + step), load<u8>(at + 2 * step), load<u8>(at + 3 * step)), 24);
}

/** The end of the message: its last byte and the mark after it in word `index`, zeros, and its length in bits. */
// @ts-ignore: decorator
@inline
function setTail(last: v128, index: usize, bits: u32, scratch: usize): void {
  setWord(index, v128.or(last, i32x4.splat(0x00800000)), scratch);
  for (let word = index + 1; word < 15; word++) setWord(word, i64x2.splat(0), scratch);
  setWord(15, i32x4.splat(bits), scratch);
}

// @ts-ignore: decorator
@inline
function start(state: usize): void {
  v128.store(state, i32x4.splat(0x6a09e667));
  v128.store(state, i32x4.splat(0xbb67ae85), 16);
  v128.store(state, i32x4.splat(0x3c6ef372), 32);
  v128.store(state, i32x4.splat(0xa54ff53a), 48);
  v128.store(state, i32x4.splat(0x510e527f), 64);
  v128.store(state, i32x4.splat(0x9b05688c), 80);
  v128.store(state, i32x4.splat(0x1f83d9ab), 96);
  v128.store(state, i32x4.splat(0x5be0cd19), 112);
}

/** Turns the eight state vectors into four hashes, in place. */
// @ts-ignore: decorator
@inline
function finish(state: usize): void {
  const a = bigEndian(v128.load(state)), b = bigEndian(v128.load(state, 16));
  const c = bigEndian(v128.load(state, 32)), d = bigEndian(v128.load(state, 48));
  const e = bigEndian(v128.load(state, 64)), f = bigEndian(v128.load(state, 80));
  const g = bigEndian(v128.load(state, 96)), h = bigEndian(v128.load(state, 112));
  storeLanes(state, a, b, c, d);
  storeLanes(state + 16, e, f, g, h);
}

// @ts-ignore: decorator
@inline
function storeLanes(target: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7), cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(target, i64x2.shuffle(ab, cd, 0, 2));
  v128.store(target, i64x2.shuffle(ab, cd, 1, 3), 32);
  v128.store(target, i64x2.shuffle(abHigh, cdHigh, 0, 2), 64);
  v128.store(target, i64x2.shuffle(abHigh, cdHigh, 1, 3), 96);
}

// @ts-ignore: decorator
@inline
function rotate(word: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(word, by), i32x4.shl(word, 32 - by));
}

// @ts-ignore: decorator
@inline
function add(left: v128, right: v128): v128 {
  return i32x4.add(left, right);
}

/** h + S1(e) + ch(e, f, g) + constant + word */
// @ts-ignore: decorator
@inline
function first(e: v128, f: v128, g: v128, h: v128, constant: v128, word: v128): v128 {
  const sum = v128.xor(v128.xor(rotate(e, 6), rotate(e, 11)), rotate(e, 25));
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)));
  return add(add(add(h, sum), add(constant, word)), choice);
}

/** S0(a) + maj(a, b, c) */
// @ts-ignore: decorator
@inline
function second(a: v128, b: v128, c: v128): v128 {
  const sum = v128.xor(v128.xor(rotate(a, 2), rotate(a, 13)), rotate(a, 22));
  return add(sum, v128.xor(v128.and(a, v128.xor(b, c)), v128.and(b, c)));
}

// @ts-ignore: decorator
@inline
function constantAt(round: usize, index: usize): v128 {
  return v128.load(round + (index << 4));
}

// @ts-ignore: decorator
@inline
function wordAt(scratch: usize, index: usize): v128 {
  return v128.load(scratch + SCHEDULE + ((index & 15) << 4));
}

/** Replaces word `index` of the schedule by the one 16 rounds later. */
// @ts-ignore: decorator
@inline
function nextWord(scratch: usize, index: usize): v128 {
  const a = wordAt(scratch, index + 1), b = wordAt(scratch, index + 14);
  const s0 = v128.xor(v128.xor(rotate(a, 7), rotate(a, 18)), i32x4.shr_u(a, 3));
  const s1 = v128.xor(v128.xor(rotate(b, 17), rotate(b, 19)), i32x4.shr_u(b, 10));
  const word = add(add(wordAt(scratch, index), s0), add(wordAt(scratch, index + 9), s1));
  setWord(index, word, scratch);
  return word;
}

/** One block, its 16 words being in the schedule. Eight rounds bring the variables back to their names. */
function compress(state: usize, scratch: usize): void {
  let a = v128.load(state), b = v128.load(state, 16), c = v128.load(state, 32), d = v128.load(state, 48);
  let e = v128.load(state, 64), f = v128.load(state, 80), g = v128.load(state, 96), h = v128.load(state, 112);
  for (let round: usize = 0; round < 64; round += 8) {
    const k = scratch + (round << 4);
    const at = round & 8;
    let t: v128;
    t = first(e, f, g, h, constantAt(k, 0), round < 16 ? wordAt(scratch, at + 0) : nextWord(scratch, at + 0));
    d = add(d, t); h = add(t, second(a, b, c));
    t = first(d, e, f, g, constantAt(k, 1), round < 16 ? wordAt(scratch, at + 1) : nextWord(scratch, at + 1));
    c = add(c, t); g = add(t, second(h, a, b));
    t = first(c, d, e, f, constantAt(k, 2), round < 16 ? wordAt(scratch, at + 2) : nextWord(scratch, at + 2));
    b = add(b, t); f = add(t, second(g, h, a));
    t = first(b, c, d, e, constantAt(k, 3), round < 16 ? wordAt(scratch, at + 3) : nextWord(scratch, at + 3));
    a = add(a, t); e = add(t, second(f, g, h));
    t = first(a, b, c, d, constantAt(k, 4), round < 16 ? wordAt(scratch, at + 4) : nextWord(scratch, at + 4));
    h = add(h, t); d = add(t, second(e, f, g));
    t = first(h, a, b, c, constantAt(k, 5), round < 16 ? wordAt(scratch, at + 5) : nextWord(scratch, at + 5));
    g = add(g, t); c = add(t, second(d, e, f));
    t = first(g, h, a, b, constantAt(k, 6), round < 16 ? wordAt(scratch, at + 6) : nextWord(scratch, at + 6));
    f = add(f, t); b = add(t, second(c, d, e));
    t = first(f, g, h, a, constantAt(k, 7), round < 16 ? wordAt(scratch, at + 7) : nextWord(scratch, at + 7));
    e = add(e, t); a = add(t, second(b, c, d));
  }
  v128.store(state, add(a, v128.load(state)));
  v128.store(state, add(b, v128.load(state, 16)), 16);
  v128.store(state, add(c, v128.load(state, 32)), 32);
  v128.store(state, add(d, v128.load(state, 48)), 48);
  v128.store(state, add(e, v128.load(state, 64)), 64);
  v128.store(state, add(f, v128.load(state, 80)), 80);
  v128.store(state, add(g, v128.load(state, 96)), 96);
  v128.store(state, add(h, v128.load(state, 112)), 112);
}
