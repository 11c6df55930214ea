import type { Provider } from "ethers";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageAudits__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageAudits__factory.js";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { sizeOf } from "../format/placement.ts";
import { contractAddress } from "./committeeView.ts";
import { currentEpoch } from "./overview.ts";
import { placeOf } from "./seats.ts";

/** Stages of an audit, by their numbers in IStorageAudits.Stage. */
export const STAGES = ["none", "seeding", "committing", "drawing", "answering", "closed", "void"] as const;
export type AuditStage = (typeof STAGES)[number];

/** Standings of a seat in an audit, by their numbers in IStorageAudits.Standing. */
export const STANDINGS = ["none", "committed", "answered", "paid", "missed"] as const;
export type AuditStanding = (typeof STANDINGS)[number];

/** An epoch's audit as an operator sees it. */
export interface AuditStatus {
  /** Of the latest block. */
  readonly epoch: bigint;
  readonly stage: AuditStage;
  /** Last second of the running window; 0 when none runs. */
  readonly deadline: bigint;
  readonly committee: number;
  /** 0 when the operator serves nowhere. */
  readonly seat: number;
  /** Slots that it answers for in this epoch. */
  readonly liableSlots: number;
  /** Units that its committee has to prove. */
  readonly units: bigint;
  readonly standing: AuditStanding;
  /** Misses in a row, and the epoch of the last; an answer since then ends the row. */
  readonly misses: bigint;
  readonly lastMissed: bigint;
  /** Rewards of the seat under this operator, wei, oldest first. */
  readonly rewards: readonly SeatReward[];
}

export interface SeatReward {
  readonly epoch: bigint;
  readonly amount: bigint;
}

/** Blocks asked for at once: what hosted nodes still answer. */
const SPAN = 10_000;

/**
 * Where the audit of the current epoch stands for an operator, and what it has earned.
 * @throws FatalError storage/not-deployed
 */
export async function auditStatus(
  provider: Provider,
  deployment: Deployment,
  operator: string,
): Promise<AuditStatus> {
  const { audits, committees, log } = auditContracts(provider, deployment);
  const [epoch, { committee, seat }] = await Promise.all([
    currentEpoch(provider, deployment),
    placeOf(provider, deployment, operator),
  ]);
  const [audit, standing, liable, units, [misses, lastMissed], rewards] = await Promise.all([
    audits.auditOf(epoch),
    audits.standingOf(epoch, committee, seat),
    committees.liableSlots(committee, seat, epoch),
    log.unitsAt(committee, epoch),
    audits.missesOf(operator),
    seat === 0 ? [] : rewardsOf(provider, deployment, { committee, seat, operator }),
  ]);
  return {
    ...{ epoch, committee, seat, units, misses, lastMissed, rewards },
    stage: STAGES[Number(audit.stage)] ?? "none",
    deadline: audit.deadline,
    liableSlots: sizeOf(liable),
    standing: STANDINGS[Number(standing)] ?? "none",
  };
}

/** What an operator was paid in a seat, oldest first; of one epoch or all. */
export async function rewardsOf(
  provider: Provider,
  deployment: Deployment,
  { committee, seat, operator }: { committee: number; seat: number; operator: string },
  epoch?: bigint,
): Promise<SeatReward[]> {
  const { audits } = auditContracts(provider, deployment);
  const filter = audits.filters.SeatRewarded(epoch, committee, seat);
  const latest = await provider.getBlockNumber();
  const rewards: SeatReward[] = [];
  for (let from = deployment.contracts.StorageAudits?.block ?? 0; from <= latest; from += SPAN) {
    const events = await audits.queryFilter(filter, from, Math.min(latest, from + SPAN - 1));
    for (const { args } of events)
      if (args.operator.toLowerCase() === operator.toLowerCase())
        rewards.push({ epoch: args.epoch, amount: args.amount });
  }
  return rewards;
}

/** The contracts that audits stand on. @throws FatalError storage/not-deployed */
export function auditContracts(provider: Provider, deployment: Deployment) {
  const at = (name: string) => contractAddress(deployment, name);
  return {
    audits: IStorageAudits__factory.connect(at("StorageAudits"), provider),
    committees: ICommittees__factory.connect(at("Committees"), provider),
    log: IStorageLog__factory.connect(at("StorageLog"), provider),
  };
}
