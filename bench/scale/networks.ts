import { SLOTS } from "../../keepers/storage/format/limits.ts";

/** A network whose figures are asked for. An object is a whole segment of its own; smaller ones share one, and make fewer. */
export interface Network {
  readonly nodes: number;
  readonly objects: number;
  /** Members for which a committee is made. */
  readonly committeeSize: number;
  /** Largest row, bytes. */
  readonly rowSize: number;
}

/** As many nodes and files as 0G's network had, and a network for a whole industry. */
export const networks: readonly Network[] = [
  { nodes: 567, objects: 7e6, committeeSize: 32, rowSize: 1_024 },
  { nodes: 12_800, objects: 1e9, committeeSize: 64, rowSize: 2_048 },
];

export const segmentBytes = 4 * 2 ** 20;
/** Rate 1/2. */
const codedSegmentBytes = 2 * segmentBytes;
export const stripBytes = codedSegmentBytes / SLOTS;
/** Strips of which any rebuild a segment. */
export const stripsNeeded = SLOTS / 2;
const rlcBytes = 16;

export const title = ({ nodes, objects }: Network): string =>
  `${nodes} nodes, ${objects.toExponential(0).replace("e+", "e")} objects`;

/** Committees: the next one opens when every earlier one is full, so the last members share out over those there are. */
export function committeesOf({ nodes, committeeSize }: Network): number {
  return Math.max(1, Math.floor(nodes / committeeSize));
}

export function membersOf(network: Network): number {
  return network.nodes / committeesOf(network);
}

export function slotsPerNode(network: Network): number {
  return SLOTS / membersOf(network);
}

export function segmentsPerCommittee(network: Network): number {
  return network.objects / committeesOf(network);
}

/** Rows on a node, bytes. */
export function rowBytesPerNode(network: Network): number {
  return segmentsPerCommittee(network) * slotsPerNode(network) * stripBytes;
}

/** Combinations that every member keeps of every segment of its committee, bytes: 16 for each original row. */
export function headBytes({ rowSize }: Pick<Network, "rowSize">): number {
  return (segmentBytes / rowSize) * rlcBytes;
}
