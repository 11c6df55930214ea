import { SLOTS } from "./limits.ts";

/*
 * How slots change hands, as contracts/storage/libraries/SlotTable.sol has it: the same table after the same history. A table is
 * its 256 owners; 0 is nobody.
 */

/** One eighth of the slots: nobody owns more. */
const MAX_OWNED = 32;
const NOBODY = 0;

export interface Entrance {
  /** Seat, 1..255. */
  readonly joiner: number;
  /** Members with the joiner. */
  readonly members: number;
  /** Slot at which the walk for slots starts: the lowest byte of the beacon's seed. */
  readonly start: number;
}

export interface Change {
  readonly owners: Uint8Array;
  /** Slots that left an owner: what an epoch's churn is counted in. */
  readonly moved: number;
}

/** Even share of one of `members`. */
export function shareOf(members: number): number {
  return Math.min(MAX_OWNED, Math.floor(SLOTS / members));
}

/** The table once `joiner` has its share: nobody's slots first, then those of the largest holders, as the walk meets them. */
export function seat(owners: Uint8Array, { joiner, members, start }: Entrance): Change {
  const next = Uint8Array.from(owners);
  const counts = countAll(owners);
  const level = shareOf(members);
  let unowned = Math.min(counts[NOBODY]!, level);
  const moved = level - unowned;
  let left = moved;
  let toLevel = left - Math.min(left, excess(counts, level + 1));
  for (let step = 0; step < SLOTS && unowned + left > 0; step++) {
    const slot = (start + step) % SLOTS;
    const owner = next[slot]!;
    if (owner === NOBODY) {
      if (unowned === 0) continue;
      unowned--;
    } else {
      const held = counts[owner]!;
      if (left === 0 || held <= level || (held === level + 1 && toLevel === 0)) continue;
      if (held === level + 1) toLevel--;
      left--;
      counts[owner] = held - 1;
    }
    next[slot] = joiner;
  }
  return { owners: next, moved };
}

/**
 * The table once `leaver` is gone: its slots go to the smallest holders that are under 32, or to nobody.
 * @param members number of members without the leaver
 */
export function vacate(owners: Uint8Array, leaver: number, members: number): Change {
  const next = Uint8Array.from(owners);
  const counts = countAll(owners);
  const moved = counts[leaver]!;
  counts[leaver] = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (next[slot] !== leaver) continue;
    const heir = smallestHolder(counts, members);
    if (heir !== NOBODY) counts[heir] = counts[heir]! + 1;
    next[slot] = heir;
  }
  return { owners: next, moved };
}

/** Number of the committee that a seed says: the smaller of two, the first where they are equal. @param sizes members of each */
export function drawnCommittee(seed: string, sizes: readonly number[]): number {
  const count = BigInt(sizes.length);
  const first = Number((BigInt(seed) >> 8n) % count);
  const second = Number((BigInt(seed) >> 128n) % count);
  return sizes[second]! < sizes[first]! ? second : first;
}

function smallestHolder(counts: readonly number[], members: number): number {
  if (members === 0) return NOBODY;
  const even = shareOf(members);
  const levels = even < MAX_OWNED ? [even, even + 1] : [even];
  for (const level of levels) {
    // Whoever serves owns a slot, so who owns none doesn't serve.
    const heir = counts.findIndex((count, owner) => owner !== NOBODY && count > 0 && count < level);
    if (heir !== -1) return heir;
  }
  return NOBODY;
}

function countAll(owners: Uint8Array): number[] {
  const counts = new Array<number>(SLOTS).fill(0);
  for (const owner of owners) counts[owner] = counts[owner]! + 1;
  return counts;
}

function excess(counts: readonly number[], level: number): number {
  return counts.slice(1).reduce((sum, count) => sum + Math.max(0, count - level), 0);
}
