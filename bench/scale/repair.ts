import {
  membersOf,
  type Network,
  rowBytesPerNode,
  segmentsPerCommittee,
  slotsPerNode,
  stripBytes,
  stripsNeeded,
} from "./networks.ts";

/** How the strips of a member that is gone come to their new owners. */
export type Way =
  /** It still serves, and each strip is copied. */
  | "copied from a leaver that still serves"
  /** Every heir fetches what it needs to rebuild its own strips. */
  | "rebuilt by each heir for itself"
  /** One heir rebuilds all strips of a segment and hands the others theirs. */
  | "rebuilt once a segment and handed on"
  /** One newcomer takes all slots and rebuilds them together. */
  | "rebuilt by one newcomer";

export const ways: readonly Way[] = [
  "copied from a leaver that still serves",
  "rebuilt by each heir for itself",
  "rebuilt once a segment and handed on",
  "rebuilt by one newcomer",
];

/** Bytes that cross the network for each byte restored, when a member with so many slots is gone. */
export function amplification(way: Way, slots: number): number {
  // The smallest holders get one slot each.
  const heirs = slots;
  if (way === "rebuilt by each heir for itself") return (heirs * stripsNeeded) / slots;
  if (way === "rebuilt once a segment and handed on") return (stripsNeeded + slots - 1) / slots;
  if (way === "rebuilt by one newcomer") return stripsNeeded / slots;
  return 1;
}

const MONTH_DAYS = 30;
const DAY = 86_400;
/** Bits a second of the link that the share is printed of. */
const linkBits = 100e6;

export interface RepairLoad {
  readonly amplification: number;
  /** Bytes that a node receives, and as many that it sends, a day. */
  readonly bytesPerNodeDay: number;
  /** Share of a link of 100 Mbit/s, one way. */
  readonly linkShare: number;
  /** Days until all strips of one lost member are back, on links of 100 Mbit/s that do nothing else. */
  readonly daysToRestore: number;
}

/** Traffic when the share `churn` of all nodes goes each month and is replaced. */
export function repairLoad(network: Network, way: Way, churn: number): RepairLoad {
  const factor = amplification(way, slotsPerNode(network));
  const perDay = (churn * rowBytesPerNode(network) * factor) / MONTH_DAYS;
  return {
    amplification: factor,
    bytesPerNodeDay: perDay,
    linkShare: (perDay * 8) / (linkBits * DAY),
    daysToRestore: (busiestBytes(network, way) * 8) / (linkBits * DAY),
  };
}

/** What the busiest receiver gets for one lost member. */
function busiestBytes(network: Network, way: Way): number {
  const segments = segmentsPerCommittee(network);
  const slots = slotsPerNode(network);
  const perSegment = stripsNeeded * stripBytes;
  if (way === "copied from a leaver that still serves") return segments * stripBytes;
  if (way === "rebuilt once a segment and handed on")
    return (segments * (perSegment + slots * stripBytes)) / (membersOf(network) - 1);
  return segments * perSegment;
}
