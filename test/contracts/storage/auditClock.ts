import type { network } from "hardhat";
import { type Audited, EPOCH, type Member, WINDOW } from "./audited.ts";
import type { Work } from "./auditedNode.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;

/** Turns the cranks of audits on a chain of its own, as anyone may. */
export function auditClock({ networkHelpers }: Pick<Connection, "networkHelpers">) {
  async function now(): Promise<bigint> {
    return BigInt(await networkHelpers.time.latest());
  }

  /** Goes to the beginning of the next epoch, or `ahead` epochs on. */
  async function nextEpoch(ahead = 1n): Promise<bigint> {
    const epoch = (await now()) / EPOCH + ahead;
    await networkHelpers.time.increaseTo(epoch * EPOCH);
    return epoch;
  }

  /** Past the block that a draw waits for. */
  const pastDraw = () => networkHelpers.mine(2);
  const pass = (seconds: bigint) => networkHelpers.time.increase(seconds);

  /** Opens and seeds the audit of the next epoch: members may commit. */
  async function start({ audits }: Audited): Promise<bigint> {
    const epoch = await nextEpoch();
    await audits.open(epoch);
    await pastDraw();
    await audits.seed(epoch);
    return epoch;
  }

  /** Ends the commit window: members may answer. */
  async function challenge({ audits }: Audited, epoch: bigint): Promise<void> {
    await pass(WINDOW + 1n);
    await audits.draw(epoch);
    await pastDraw();
    await audits.challenge(epoch);
  }

  return { now, nextEpoch, pastDraw, pass, start, challenge };
}

export function commit({ audits }: Audited, { operator }: Member, { sheet, tree }: Work) {
  return audits.connect(operator).commit(sheet.epoch, sheet.committee, sheet.seat, tree.root());
}

/** As IStorageAudits.Stage. */
export const Stage = {
  None: 0n,
  Seeding: 1n,
  Committing: 2n,
  Drawing: 3n,
  Answering: 4n,
  Closed: 5n,
  Void: 6n,
};

/** As IStorageAudits.Standing. */
export const Standing = { None: 0n, Committed: 1n, Answered: 2n, Paid: 3n, Missed: 4n };
