import { getBytes, keccak256, toBeHex } from "ethers";
import { rowOfSample } from "../audits/samples.ts";
import { elementsOf } from "../format/placement.ts";

/*
 * Which rows a case about an unrecoverable segment asks for: the other half of `contracts/storage/libraries/CaseDraw.sol`.
 */

/** Rows that a case asks for, each of another slot. */
export const ASKED_ROWS = 32;

/** One row that a case asks for. */
export interface AskedRow {
  /** Its owner must show the row. */
  readonly slot: number;
  /** Row of the segment. */
  readonly row: number;
}

/** A segment that a case is about. */
export interface AskedSegment {
  /** First byte of its commitment. */
  readonly offset: number;
  readonly rowsPerStrip: number;
}

/**
 * The rows asked for, in their order.
 *
 * @param seed of the case's draw, 32 bytes in hex
 * @param mask slots that may be asked, bit s for slot s; `ASKED_ROWS` or more
 */
export function rowsAsked(seed: string, mask: bigint, { offset, rowsPerStrip }: AskedSegment): AskedRow[] {
  const left = elementsOf(mask);
  return Array.from({ length: ASKED_ROWS }, (_, number) => {
    const hash = BigInt(keccak256(Buffer.concat([getBytes(seed), getBytes(toBeHex(number, 32))])));
    const [slot] = left.splice(Number((hash >> 128n) % BigInt(left.length)), 1) as [number];
    const unitInSegment = (hash & ((1n << 128n) - 1n)) % BigInt(rowsPerStrip);
    return { slot, row: rowOfSample(slot, offset, { unitInSegment, rowSize: 64, rowsPerStrip }) };
  });
}
