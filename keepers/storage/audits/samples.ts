import { getBytes, keccak256, toBeHex, zeroPadValue } from "ethers";
import { SLOTS } from "../format/limits.ts";
import { elementsOf } from "../format/placement.ts";

/*
 * Which rows a node has to prove in an epoch, and which of them it has to open: the other half of
 * `contracts/storage/libraries/SampleDraw.sol`.
 */

/** Rows that a node commits to in an epoch. */
export const SAMPLES = 1_024;
/** Units drawn for a sample at most, while those before are of expired batches. */
export const DRAWS = 16;

const wordBytes = 32;
const halfMask = (1n << 128n) - 1n;

/** One row that a node has to prove: unit `unit` of its committee, in its slot `slot`. */
export interface Sample {
  /** 0 … 1,023. */
  readonly number: number;
  readonly slot: number;
  readonly unit: bigint;
  /** Units drawn before it, in their order: their batches had expired. */
  readonly passed: readonly bigint[];
}

/** What samples are drawn from. */
export interface AuditedUnits {
  /** Units of the committee when the epoch began; not none. */
  readonly count: bigint;
  /** Whether the batch that has a unit had expired when the epoch began. */
  isExpired(unit: bigint): boolean;
}

/** What decides a seat's samples. */
export interface SeatOfAudit {
  readonly committee: number;
  readonly seat: number;
  /** Address of the seat's operator. */
  readonly operator: string;
}

/**
 * keccak256(abi.encode(seedA, committee, seat, operator)).
 *
 * @param seedA the audit's first seed, 32 bytes in hex
 */
export function nodeSeed(seedA: string, { committee, seat, operator }: SeatOfAudit): Uint8Array {
  return keccak(getBytes(seedA), word(committee), word(seat), getBytes(zeroPadValue(operator, wordBytes)));
}

/**
 * All samples of a node, in their order.
 *
 * @param seed from `nodeSeed`
 * @param liable slots that the seat answers for, bit s for slot s; not none
 */
export function samplesOf(seed: Uint8Array, liable: bigint, units: AuditedUnits): Sample[] {
  const slots = elementsOf(liable);
  return Array.from({ length: SAMPLES }, (_, number) => sampleAt(seed, number, slots, units));
}

/**
 * One of them: the first unit drawn whose batch hadn't expired, or the last of `DRAWS`.
 *
 * @param slots that the seat answers for, in rising order
 */
export function sampleAt(
  seed: Uint8Array,
  number: number,
  slots: readonly number[],
  units: AuditedUnits,
): Sample {
  let hash = keccak(seed, word(number));
  const slot = slots[Number(halves(hash)[0] % BigInt(slots.length))]!;
  const passed: bigint[] = [];
  for (;;) {
    const unit = halves(hash)[1] % units.count;
    if (passed.length === DRAWS - 1 || !units.isExpired(unit)) return { number, slot, unit, passed };
    passed.push(unit);
    hash = keccak(hash);
  }
}

/**
 * The even number of the first sample that the second seed asks for; the other comes right after it.
 *
 * @param seedB the audit's second seed, 32 bytes in hex
 */
export function drawnPair(seed: Uint8Array, seedB: string): number {
  const hash = BigInt(keccak256(Buffer.concat([seed, getBytes(seedB)])));
  return 2 * Number(hash % BigInt(SAMPLES / 2));
}

/** What a node commits for a row that it holds. Void samples may have 32 zero bytes in its place. */
export function sampleValue(seed: Uint8Array, number: number, row: Uint8Array): Uint8Array {
  return keccak(seed, word(number), row);
}

/** A place in a segment that a unit names, in every slot. */
export interface PlaceOfUnit {
  /** Units of the segment before this one. */
  readonly unitInSegment: bigint;
  /** Bytes of a row. */
  readonly rowSize: number;
  readonly rowsPerStrip: number;
}

/**
 * Row of a segment that a sample names.
 *
 * @param offset first byte of the segment's commitment
 */
export function rowOfSample(slot: number, offset: number, place: PlaceOfUnit): number {
  const rowInStrip = Number((place.unitInSegment * 64n) / BigInt(place.rowSize));
  return ((slot + SLOTS - offset) % SLOTS) * place.rowsPerStrip + rowInStrip;
}

function keccak(...parts: readonly Uint8Array[]): Uint8Array {
  return getBytes(keccak256(Buffer.concat(parts)));
}

function word(value: number): Uint8Array {
  return getBytes(toBeHex(value, wordBytes));
}

function halves(hash: Uint8Array): [bigint, bigint] {
  const value = BigInt(`0x${Buffer.from(hash).toString("hex")}`);
  return [value >> 128n, value & halfMask];
}
