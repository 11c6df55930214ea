import { SLOTS } from "../../keepers/storage/format/limits.ts";
import { type Change, seat, vacate } from "../../keepers/storage/format/seating.ts";
import { headBytes, type Network, stripBytes } from "./networks.ts";

export interface Moves {
  readonly joins: number;
  readonly leaves: number;
  /** Slots that went from one owner to another, or to one from nobody. */
  readonly moved: number;
  /** Slots that joiners had after joining, and leavers before leaving. */
  readonly changed: number;
  /** Bytes of one segment that crossed the network for it, heads with them, / bytes of the members that changed. */
  readonly byteRatio: number;
  /** The same, rows alone. */
  readonly slotRatio: number;
  /** Most slots that left their owners in one epoch by entries and resignations. */
  readonly busiestEpoch: number;
  /** Difference of the largest and smallest holder at the end. */
  readonly unevenness: number;
}

export interface Churn {
  readonly members: number;
  readonly epochs: number;
  /** Members that leave and come in an epoch, as far as the limit lets them. */
  readonly changes: number;
  /** Slots that may leave their owners in an epoch. */
  readonly limit: number;
  readonly random: () => number;
}

/** Lets members of one committee leave and others come, epoch by epoch, under the limit on moves. */
export function churnCommittee(network: Pick<Network, "rowSize">, churn: Churn): Moves {
  const { members, epochs, changes, limit, random } = churn;
  const table = new Uint8Array(SLOTS);
  for (let joiner = 1; joiner <= members; joiner++)
    table.set(seat(table, { joiner, members: joiner, start: Math.floor(random() * SLOTS) }).owners);
  const sum = { joins: 0, leaves: 0, moved: 0, changed: 0, busiest: 0, movedBytes: 0, changedBytes: 0 };
  for (let epoch = 0; epoch < epochs; epoch++) {
    let spent = 0;
    for (let change = 0; change < changes; change++) {
      const moved = swapOne(table, random, limit - spent, sum, headBytes(network));
      spent += moved;
    }
    sum.busiest = Math.max(sum.busiest, spent);
  }
  const held = counts(table)
    .slice(1)
    .filter((count) => count > 0);
  return {
    joins: sum.joins,
    leaves: sum.leaves,
    moved: sum.moved,
    changed: sum.changed,
    slotRatio: sum.moved / sum.changed,
    byteRatio: sum.movedBytes / sum.changedBytes,
    busiestEpoch: sum.busiest,
    unevenness: Math.max(...held) - Math.min(...held),
  };
}

interface Sums {
  joins: number;
  leaves: number;
  moved: number;
  changed: number;
  movedBytes: number;
  changedBytes: number;
}

/** One leaves and one comes, each if its moves still fit into the epoch; returns the moves that count against the limit. */
function swapOne(table: Uint8Array, random: () => number, left: number, sums: Sums, head: number): number {
  const present = [...new Set(table)].filter((owner) => owner > 0);
  const leaver = present[Math.floor(random() * present.length)]!;
  const leaving = tryChange(table, left, () => vacate(table, leaver, present.length - 1));
  if (leaving !== undefined) {
    // Heirs have the head of every segment already.
    account(sums, leaving.moved, leaving.before[leaver]!, leaving.moved * stripBytes, head);
    sums.leaves++;
  }
  const after = counts(table);
  const joiner = after.findIndex((count, member) => member > 0 && count === 0);
  const members = after.slice(1).filter((count) => count > 0).length + 1;
  const start = Math.floor(random() * SLOTS);
  const joining = tryChange(table, left - (leaving?.counted ?? 0), () =>
    seat(table, { joiner, members, start }),
  );
  if (joining !== undefined) {
    account(sums, joining.moved, counts(table)[joiner]!, joining.moved * stripBytes + head, head);
    sums.joins++;
  }
  return (leaving?.counted ?? 0) + (joining?.counted ?? 0);
}

function account(sums: Sums, moved: number, changed: number, movedBytes: number, head: number): void {
  sums.moved += moved;
  sums.changed += changed;
  sums.movedBytes += movedBytes;
  sums.changedBytes += changed * stripBytes + head;
}

/** Applies a change unless more slots would leave an owner than are left; `moved` are those that somebody got. */
function tryChange(table: Uint8Array, left: number, change: () => Change) {
  const before = counts(table);
  const { owners, moved: counted } = change();
  if (counted > left) return undefined;
  const moved = owners.filter((owner, slot) => owner !== 0 && owner !== table[slot]).length;
  table.set(owners);
  return { before, moved, counted };
}

function counts(table: Uint8Array): number[] {
  const held = new Array<number>(SLOTS).fill(0);
  for (const owner of table) held[owner]!++;
  return held;
}
