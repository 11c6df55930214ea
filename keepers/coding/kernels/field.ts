/**
 * Multiplication by a constant in GF(2^16) (polynomial 0x1002D, Cantor coordinates, as in catid/leopard FF16).
 *
 * A multiplier is linear over GF(2), so it is kept as eight tables of 16 bytes, one for each nibble of the symbol and
 * byte of the product, which a byte shuffle looks up 16 at a time:
 *   low byte of the product  = t0[low & 15] ^ t1[low >> 4] ^ t2[high & 15] ^ t3[high >> 4]
 *   high byte of the product = t4[low & 15] ^ t5[low >> 4] ^ t6[high & 15] ^ t7[high >> 4]
 * Multipliers add like the elements that they stand for, so any is the XOR of the sixteen single-bit ones.
 */

/** Bytes of one multiplier. */
export const MULTIPLIER: usize = 128;
const FIELD_BITS: usize = 16;

// @ts-ignore: decorator
@inline
export function lowNibbles(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15));
}

// @ts-ignore: decorator
@inline
export function highNibbles(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(15));
}

/** One byte of the product out of four tables; the nibbles are those of the low and of the high bytes. */
// @ts-ignore: decorator
@inline
export function lookUp(
  t0: v128, t1: v128, t2: v128, t3: v128,
  lowA: v128, lowB: v128, highA: v128, highB: v128,
): v128 {
  return v128.xor(
    v128.xor(i8x16.relaxed_swizzle(t0, lowA), i8x16.relaxed_swizzle(t1, lowB)),
    v128.xor(i8x16.relaxed_swizzle(t2, highA), i8x16.relaxed_swizzle(t3, highB)),
  );
}

/**
 * Writes the sixteen single-bit multipliers to `bits`. `products` holds 16 x 16 u16: entry [a][b] is the product of
 * the elements 1 << a and 1 << b.
 */
export function expandBits(products: usize, bits: usize): void {
  for (let a: usize = 0; a < FIELD_BITS; a++) {
    for (let nibble: usize = 0; nibble < 4; nibble++) {
      const basis = products + ((a << 5) + (nibble << 3));
      const low = bits + a * MULTIPLIER + (nibble << 4);
      for (let value: usize = 0; value < 16; value++) {
        let product: u32 = 0;
        for (let bit: usize = 0; bit < 4; bit++) {
          if ((value >> bit) & 1) product ^= load<u16>(basis + (bit << 1));
        }
        store<u8>(low + value, <u8>product);
        store<u8>(low + value, <u8>(product >> 8), 64);
      }
    }
  }
}

/** Writes the multiplier of any element to `target`. */
export function multiplierOf(element: usize, bits: usize, target: usize): void {
  memory.fill(target, 0, MULTIPLIER);
  for (let bit: usize = 0; bit < FIELD_BITS; bit++) {
    if ((element >> bit) & 1) addMultiplier(target, target, bits + bit * MULTIPLIER);
  }
}

/** Writes the multipliers of the even elements 0, 2, 4 ... 2 * (count - 1): the only twiddles of the transform. */
export function expandTwiddles(bits: usize, twiddles: usize, count: usize): void {
  memory.fill(twiddles, 0, MULTIPLIER);
  for (let slot: usize = 1; slot < count; slot++) {
    const rest = twiddles + (slot & (slot - 1)) * MULTIPLIER;
    addMultiplier(twiddles + slot * MULTIPLIER, rest, bits + (ctz(slot) + 1) * MULTIPLIER);
  }
}

function addMultiplier(target: usize, left: usize, right: usize): void {
  for (let at: usize = 0; at < MULTIPLIER; at += 16) {
    v128.store(target + at, v128.xor(v128.load(left + at), v128.load(right + at)));
  }
}
