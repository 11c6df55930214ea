import type { JsonRpcProvider } from "ethers";
import { IBeacon__factory } from "../../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError } from "../../runtime/errors.ts";
import { type AuditStage, type AuditStanding, auditContracts, STAGES, STANDINGS } from "../chain/audits.ts";
import { parameterOf } from "../chain/bonding.ts";
import { contractAddress } from "../chain/committeeView.ts";
import type { Place } from "../chain/seats.ts";

/** The time of the block that a transaction sent now would be in. */
export interface Moment {
  /** Seconds. */
  readonly time: bigint;
  readonly epoch: bigint;
  /** Seconds. */
  readonly epochLength: bigint;
  /** Changes with every block; empty where the node doesn't say. */
  readonly head: string;
}

/** An epoch's audit, and how a seat stands in it. */
export interface AuditView {
  readonly epoch: bigint;
  readonly stage: AuditStage;
  /** Last second of the running window; 0 when none runs. */
  readonly deadline: bigint;
  /** Last second at which misses may be settled; 0 before the second seed. */
  readonly settleUntil: bigint;
  readonly seedA: string;
  readonly seedB: string;
  /** Of the draw that the stage waits for. */
  readonly draw: "none" | "waiting" | "ready" | "lost";
  /** Units that the seat's committee has to prove. */
  readonly units: bigint;
  /** Slots that the seat answers for. */
  readonly liable: bigint;
  readonly standing: AuditStanding;
}

const NEVER_OPENED: Omit<AuditView, "epoch"> = {
  stage: "none",
  deadline: 0n,
  settleUntil: 0n,
  seedA: "0x",
  seedB: "0x",
  draw: "none",
  units: 0n,
  liable: 0n,
  standing: "none",
};
/** As in IBeacon.DrawState: none, waiting, ready, fulfilled, expired. */
const DRAWS = ["none", "waiting", "ready", "ready", "lost"] as const;
/** What our next transaction would meet. */
const NEXT = { blockTag: "pending" } as const;
/** Two windows fit half of an epoch, as in AuditStages. */
const WINDOWS_PER_EPOCH = 4n;

type RawBlock = { readonly timestamp?: string; readonly parentHash?: string } | null;

/** Reads audits off the chain, as they stand for the next block. */
export class AuditReader {
  readonly contracts: ReturnType<typeof auditContracts>;
  readonly #provider: JsonRpcProvider;
  readonly #deployment: Deployment;
  #epochLength: bigint | undefined;

  constructor(provider: JsonRpcProvider, deployment: Deployment) {
    this.#provider = provider;
    this.#deployment = deployment;
    this.contracts = auditContracts(provider, deployment);
  }

  async now(): Promise<Moment> {
    const pending: RawBlock = await this.#provider.send("eth_getBlockByNumber", ["pending", false]);
    const block =
      pending ?? ((await this.#provider.send("eth_getBlockByNumber", ["latest", false])) as RawBlock);
    const time = BigInt(block?.timestamp ?? 0);
    this.#epochLength ??= await this.#readEpochLength();
    const epochLength = this.#epochLength;
    return { time, epoch: time / epochLength, epochLength, head: block?.parentHash ?? "" };
  }

  /** @param current epoch, to tell apart an audit that was never opened */
  async view(epoch: bigint, { committee, seat }: Place, current: bigint): Promise<AuditView> {
    const { audits } = this.contracts;
    const audit = await audits.auditOf(epoch, NEXT);
    const stage = STAGES[Number(audit.stage)];
    if (stage === undefined) throw unknownStage(audit.stage);
    if (stage === "none" && epoch < current) return { ...NEVER_OPENED, epoch };
    const isWaiting = stage === "seeding" || stage === "drawing";
    const [draw, standing, liable, units] = await Promise.all([
      isWaiting ? this.#drawState(audit.draw) : ("none" as const),
      audits.standingOf(epoch, committee, seat, NEXT),
      this.#liable(epoch, committee, seat),
      this.contracts.log.unitsAt(committee, epoch, NEXT),
    ]);
    const { deadline, settleUntil, seedA, seedB } = audit;
    return {
      ...{ epoch, stage, deadline, settleUntil, seedA, seedB, draw, units, liable },
      standing: STANDINGS[Number(standing)] ?? "none",
    };
  }

  /** Seconds that members have to commit. */
  async commitWindow({ epochLength }: Moment): Promise<bigint> {
    const set = await parameterOf(
      { provider: this.#provider, deployment: this.#deployment },
      "storage.commitWindow",
    );
    const most = epochLength / WINDOWS_PER_EPOCH;
    return set < most ? set : most;
  }

  /** None when the table of that time is no longer kept. */
  async #liable(epoch: bigint, committee: number, seat: number): Promise<bigint> {
    try {
      return await this.contracts.committees.liableSlots(committee, seat, epoch, NEXT);
    } catch (error) {
      const name = (error as { revert?: { name?: string } | null }).revert?.name;
      if (name === "Committees_TableForgotten") return 0n;
      throw error;
    }
  }

  async #drawState(id: bigint): Promise<AuditView["draw"]> {
    const beacon = IBeacon__factory.connect(contractAddress(this.#deployment, "Beacon"), this.#provider);
    const { state } = await beacon.stateOf(id, NEXT);
    return DRAWS[Number(state)] ?? "none";
  }

  async #readEpochLength(): Promise<bigint> {
    const at = contractAddress(this.#deployment, "Parameters");
    return await IParameters__factory.connect(at, this.#provider).epochLength();
  }
}

function unknownStage(stage: bigint): FatalError {
  return new FatalError(
    "storage/unknown-stage",
    `StorageAudits names stage ${stage}, which this program does not know; update it`,
    { stage: stage.toString() },
  );
}
