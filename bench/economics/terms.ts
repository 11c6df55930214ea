/** Parameters of storage as the chain has them; money in MYC, shares from 0 to 1, prices for coded bytes. */
export interface StorageTerms {
  /** Seconds. */
  readonly epochLength: number;
  readonly nodeBond: number;
  readonly entryFee: number;
  /** From so many misses in a row on, each one costs `missSlash` of the bond. */
  readonly missesAllowed: number;
  readonly missSlash: number;
  readonly challengeDeposit: number;
  readonly unrecoverableDeposit: number;
  readonly leasePerGiBMonth: number;
  readonly permanentPerGiB: number;
  /** Share of the pool in a year. */
  readonly releaseRate: number;
  readonly treasuryShare: number;
  readonly readPerGiB: number;
  /** Bond behind each GiB of unpublished rows. */
  readonly creditPerGiB: number;
  /** Seconds in which the root over an epoch's samples is due. */
  readonly commitWindow: number;
}

/** What no parameter says, and the answers depend on; money in MYC. */
export interface Circumstances {
  readonly committees: number;
  readonly membersPerCommittee: number;
  /** Coded GiB that a node holds. */
  readonly gibPerNode: number;
  /** For a month of one coded GiB: all that a node spends on it. */
  readonly costPerGiBMonth: number;
  readonly trafficPerGiB: number;
  /** What a bond would earn elsewhere in a year. */
  readonly interest: number;
  readonly gasPrice: number;
  /** Seconds after which a node drops rows that nobody has published. */
  readonly dropAfter: number;
  /** GiB that a signer reads from one node a day without paying. */
  readonly freeGiBPerDay: number;
  /** Share of its bytes that a node sends in a month. */
  readonly readShare: number;
}

export interface Setting {
  readonly name: string;
  readonly terms: StorageTerms;
  readonly around: Circumstances;
}

export const MONTH = 30 * 86_400;
export const MONTHS_PER_YEAR = 365 / 30;

/** What a month of one coded GiB, paid for ever, brings its nodes at first. */
export function releasePerGiBMonth(terms: StorageTerms): number {
  return (terms.permanentPerGiB * (1 - terms.treasuryShare) * terms.releaseRate) / MONTHS_PER_YEAR;
}

/** What an epoch of a node's rows costs it. */
export function costPerEpoch({ terms, around }: Setting): number {
  return (around.gibPerNode * around.costPerGiBMonth * terms.epochLength) / MONTH;
}

/** What an epoch of a node's rows brings it, proven. */
export function rewardPerEpoch({ terms, around }: Setting): number {
  return (around.gibPerNode * releasePerGiBMonth(terms) * terms.epochLength) / MONTH;
}
