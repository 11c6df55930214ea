import type { JsonRpcProvider } from "ethers";
import { IBeacon__factory } from "../../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import { IRecoverability__factory } from "../../../typechain-types/factories/storage/interfaces/IRecoverability__factory.js";
import type { IRecoverability } from "../../../typechain-types/storage/interfaces/IRecoverability.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError } from "../../runtime/errors.ts";
import { contractAddress } from "../chain/committeeView.ts";

/** As in IRecoverability.Verdict. */
const VERDICTS = ["none", "pending", "asking", "recoverable", "unrecoverable", "dropped"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A case that a seat has brought against a segment. */
export interface CaseView {
  readonly id: bigint;
  readonly epoch: bigint;
  readonly committee: number;
  readonly verdict: Verdict;
  readonly draw: bigint;
  /** Last second at which rows may be shown, from `asking` on. */
  readonly deadline: bigint;
  readonly commitment: string;
  /** Seats whose rows are asked for, in the order of the rows; a seat may be there more than once. */
  readonly seats: readonly number[];
  /** Bit i is set when row i was shown. */
  readonly shown: number;
}

/** Rows that a case asks for. */
const ASKED = 32;
/** What our next transaction would meet. */
const NEXT = { blockTag: "pending" } as const;
/** As in IBeacon.DrawState: none, waiting, ready, fulfilled, expired. */
const DRAWS = ["none", "waiting", "ready", "ready", "lost"] as const;

/** Reads cases off the chain, as they stand for the next block. */
export class CaseReader {
  readonly contract: IRecoverability;
  readonly #beacon: ReturnType<typeof IBeacon__factory.connect>;

  constructor(provider: JsonRpcProvider, deployment: Deployment) {
    this.contract = IRecoverability__factory.connect(contractAddress(deployment, "Recoverability"), provider);
    this.#beacon = IBeacon__factory.connect(contractAddress(deployment, "Beacon"), provider);
  }

  count(): Promise<bigint> {
    return this.contract.caseCount(NEXT);
  }

  /** @throws FatalError storage/unknown-verdict */
  async view(id: bigint): Promise<CaseView> {
    const found = await this.contract.caseOf(id, NEXT);
    const verdict = VERDICTS[Number(found.verdict)];
    if (verdict === undefined) throw unknownVerdict(found.verdict);
    const { epoch, draw, deadline, commitment } = found;
    const seats = Array.from({ length: ASKED }, (_, i) => Number((found.seats >> BigInt(8 * i)) & 0xffn));
    const [committee, shown] = [Number(found.committee), Number(found.shown)];
    return { id, epoch, committee, verdict, draw, deadline, commitment, seats, shown };
  }

  async drawState({ draw }: CaseView): Promise<(typeof DRAWS)[number]> {
    const { state } = await this.#beacon.stateOf(draw, NEXT);
    return DRAWS[Number(state)] ?? "none";
  }

  /** The seat's latest case about a segment; 0 when there is none. */
  latest(batch: bigint, segment: number, seat: number): Promise<bigint> {
    return this.contract.latestCase(batch, segment, seat, NEXT);
  }

  /** The case that makes a sample void for a seat, if there is one. */
  async voiding(
    { epoch, committee, seat }: { epoch: bigint; committee: number; seat: number },
    { batch, segment, unit }: { batch: bigint; segment: number; unit: bigint },
  ): Promise<bigint | undefined> {
    const id = await this.latest(batch, segment, seat);
    if (id === 0n) return undefined;
    return (await this.contract.isVoid(id, epoch, committee, seat, unit, NEXT)) ? id : undefined;
  }
}

/** Whether a case may still change. */
export function isOpen({ verdict }: Pick<CaseView, "verdict">): boolean {
  return verdict === "pending" || verdict === "asking";
}

function unknownVerdict(verdict: bigint): FatalError {
  return new FatalError(
    "storage/unknown-verdict",
    `Recoverability names verdict ${verdict}, which this program does not know; update it`,
    { verdict: verdict.toString() },
  );
}
