import { isError, type Provider } from "ethers";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IReadSessions__factory } from "../../../typechain-types/factories/storage/interfaces/IReadSessions__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError } from "../../runtime/errors.ts";
import { SLOTS } from "../format/limits.ts";
import { decodeOwners, sizeOf, slotsOf } from "../format/placement.ts";
import { contractAddress } from "./committeeView.ts";

/** What a session was opened with; none of it ever changes. */
export interface ReadSession {
  readonly id: bigint;
  /** Number of the committee whose members are paid. */
  readonly committee: number;
  /** Lower-case address that signs vouchers. */
  readonly signer: string;
  /** Timestamp from which members needn't serve, seconds. */
  readonly expiresAt: bigint;
  /** Last timestamp of a claim, seconds. */
  readonly claimBefore: bigint;
  /** Wei. */
  readonly budget: bigint;
  /** Wei per GiB. */
  readonly price: bigint;
  /** Owner table of the opening, as the contract takes it. */
  readonly owners: readonly bigint[];
  readonly openedAt: bigint;
}

/** Blocks asked for at once: what hosted nodes still answer. */
const SPAN = 10_000;

export function readSessionsOf(provider: Provider, deployment: Deployment) {
  return IReadSessions__factory.connect(contractAddress(deployment, "ReadSessions"), provider);
}

/**
 * A session that is not closed. The owner table is in the event of its opening alone, which is looked for from the newest block
 * backwards: a session lasts 90 days at most.
 * @throws FatalError storage/unknown-session
 */
export async function readSession(
  provider: Provider,
  deployment: Deployment,
  id: bigint,
): Promise<ReadSession> {
  const contract = readSessionsOf(provider, deployment);
  const found = await contract.get(id).catch((error: unknown) => {
    if (isError(error, "CALL_EXCEPTION")) throw unknownSession(id);
    throw error;
  });
  const first = deployment.contracts.ReadSessions?.block ?? 0;
  for (let to = await provider.getBlockNumber(); to >= first; to -= SPAN) {
    const from = Math.max(first, to - SPAN + 1);
    const [event] = await contract.queryFilter(contract.filters.ReadSessionOpened(id), from, to);
    if (event === undefined) continue;
    const { committee, expiresAt, claimBefore, budget, price, openedAt } = found;
    return {
      ...{ id, expiresAt, claimBefore, budget, price, openedAt },
      committee: Number(committee),
      signer: found.signer.toLowerCase(),
      owners: [...event.args.owners],
    };
  }
  throw unknownSession(id);
}

/** Most wei that a seat can claim of a session, rounded down. */
export function capDown({ budget, owners }: Pick<ReadSession, "budget" | "owners">, seat: number): bigint {
  if (seat === 0) return 0n;
  return (budget * BigInt(sizeOf(slotsOf(decodeOwners([...owners]), seat)))) / BigInt(SLOTS);
}

/** Seat of an operator that sits there since before the session opened, and so is paid by it; 0 when it does not. */
export async function payableSeat(
  provider: Provider,
  deployment: Deployment,
  { committee, openedAt, owners }: ReadSession,
  operator: string,
): Promise<number> {
  const committees = ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider);
  const place = await committees.seatOf(operator);
  const seat = Number(place.seat);
  if (seat === 0 || Number(place.committee) !== committee) return 0;
  const { enteredAt } = await committees.memberAt(committee, seat);
  return enteredAt <= openedAt && decodeOwners([...owners]).includes(seat) ? seat : 0;
}

function unknownSession(id: bigint): FatalError {
  return new FatalError("storage/unknown-session", `there is no open read session ${id}`, {
    session: id.toString(),
  });
}
