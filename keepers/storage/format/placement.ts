import type { Shape } from "../../coding/codec.ts";
import { SLOTS } from "./limits.ts";

/*
 * A segment's K+N rows fall into 256 strips of consecutive rows, one strip a slot: strip p goes to slot
 * (p + first byte of the commitment) mod 256. A set of slots or strips is a 256-bit integer, bit i for number i.
 */

/** What receipts have shown for a segment or an object. */
export type StorageState = "none" | "accepted" | "final" | "full";

const FINAL_PERCENT = 70;
const FULL_PERCENT = 90;
const STATES: readonly StorageState[] = ["none", "accepted", "final", "full"];

/** Slot of a row: (floor(256 * row / (k + n)) + first byte of the commitment) mod 256. */
export function slotOfRow(row: number, shape: Shape, commitment: Uint8Array): number {
  return slotOfStrip(Math.floor((SLOTS * row) / (shape.k + shape.n)), commitment);
}

/** Slot that holds strip `strip`. */
export function slotOfStrip(strip: number, commitment: Uint8Array): number {
  return (strip + commitment[0]!) % SLOTS;
}

/** Strip that slot `slot` holds. */
export function stripOfSlot(slot: number, commitment: Uint8Array): number {
  return (slot - commitment[0]! + SLOTS) % SLOTS;
}

/** Strips that a set of slots holds. */
export function stripsOfSlots(slots: bigint, commitment: Uint8Array): bigint {
  const by = BigInt(commitment[0]!);
  return BigInt.asUintN(SLOTS, (slots >> by) | (slots << (BigInt(SLOTS) - by)));
}

/** Rows in every strip of a segment. */
export function rowsPerStrip(shape: Shape): number {
  return (shape.k + shape.n) / SLOTS;
}

/** Strips that hold original rows; with all of them nothing has to be rebuilt. Any so many strips rebuild the segment. */
export function originalStrips(shape: Shape): number {
  return shape.k / rowsPerStrip(shape);
}

/** Owner of each slot out of the committee's eight words: slot s is byte s mod 32, counted from the least significant, of word s / 32. */
export function decodeOwners(words: readonly bigint[]): Uint8Array {
  const owners = new Uint8Array(SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) {
    owners[slot] = Number(((words[slot >> 5] ?? 0n) >> BigInt(8 * (slot & 31))) & 0xffn);
  }
  return owners;
}

/** Slots that a member (1..255) owns. */
export function slotsOf(owners: Uint8Array, member: number): bigint {
  if (member === 0) return 0n;
  let set = 0n;
  owners.forEach((owner, slot) => {
    if (owner === member) set |= 1n << BigInt(slot);
  });
  return set;
}

/** Members of a set in rising order. */
export function elementsOf(set: bigint): number[] {
  const elements: number[] = [];
  for (let element = 0; element < SLOTS; element++) if ((set >> BigInt(element)) & 1n) elements.push(element);
  return elements;
}

/** The set of some numbers in 0..255. */
export function setOf(elements: Iterable<number>): bigint {
  let set = 0n;
  for (const element of elements) set |= 1n << BigInt(element);
  return set;
}

/** Size of a set. */
export function sizeOf(set: bigint): number {
  let count = 0;
  for (let rest = set; rest > 0n; rest &= rest - 1n) count++;
  return count;
}

/** State of a segment whose receipts cover `covered` of the 256 slots: accepted >= 1, final >= 70 %, full >= 90 %. */
export function stateOf(covered: number): StorageState {
  if (covered * 100 >= SLOTS * FULL_PERCENT) return "full";
  if (covered * 100 >= SLOTS * FINAL_PERCENT) return "final";
  return covered > 0 ? "accepted" : "none";
}

/** Whether `state` is `wanted` or stronger. */
export function reaches(state: StorageState, wanted: StorageState): boolean {
  return STATES.indexOf(state) >= STATES.indexOf(wanted);
}
