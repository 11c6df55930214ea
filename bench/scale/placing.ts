import { createHash, randomBytes } from "node:crypto";
import { committeeOf } from "../../keepers/storage/chain/rendezvous.ts";
import { SLOTS } from "../../keepers/storage/format/limits.ts";
import { decodeOwners, slotOfRow, slotOfStrip } from "../../keepers/storage/format/placement.ts";
import type { Contender } from "../stopwatch.ts";
import { committeesOf, type Network, segmentBytes } from "./networks.ts";

/** How often each contender does its thing in one go. */
export const repeats = { committee: 200, owners: 200, row: 10_000, hash: 1 };

/** What a client or node does to find the owners of a segment's strips and rows, beside hashing the segment's rows. */
export function placingContenders(network: Network): Contender[] {
  const commitments = Array.from({ length: 256 }, () => randomBytes(32));
  const words = Array.from({ length: 8 }, () => BigInt(`0x${randomBytes(32).toString("hex")}`));
  const owners = decodeOwners(words);
  const rows = segmentBytes / network.rowSize;
  const shape = { k: rows, n: rows, rowSize: network.rowSize };
  const coded = randomBytes(2 * segmentBytes);
  const pick = (i: number) => commitments[i % commitments.length]!;
  const repeat = (count: number, go: (i: number) => number) => () => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += go(i);
    return sum;
  };
  return [
    { name: "committee", go: repeat(repeats.committee, (i) => committeeOf(pick(i), committeesOf(network))) },
    { name: "owners", go: repeat(repeats.owners, (i) => sumOfOwners(owners, pick(i))) },
    { name: "row", go: repeat(repeats.row, (i) => owners[slotOfRow(i % (2 * rows), shape, pick(i))]!) },
    { name: "hash", go: () => createHash("sha256").update(coded).digest() },
  ];
}

function sumOfOwners(owners: Uint8Array, commitment: Uint8Array): number {
  let sum = 0;
  for (let strip = 0; strip < SLOTS; strip++) sum += owners[slotOfStrip(strip, commitment)]!;
  return sum;
}
