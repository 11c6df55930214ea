import { isCallException } from "ethers";
import { decodeOwners, elementsOf, setOf } from "../format/placement.ts";
import { type AuditParts, sendCall } from "./parts.ts";

/** Seats settled at once: a miss that slashes takes some 150,000 gas. */
const SEATS_AT_ONCE = 32;
/** Epochs of expiries that one call catches up with: 3 million gas. */
const ROLLED_AT_ONCE = 600;
const NEXT = { blockTag: "pending" } as const;

type Needs = Pick<AuditParts, "context" | "reader" | "signal">;

/** Seats of a committee that an audit is about and that aren't settled, rising. */
export async function openSeats({ reader }: Needs, epoch: bigint, committee: number): Promise<number[]> {
  const { audits, committees } = reader.contracts;
  const [words, settled] = await Promise.all([
    committees.ownersAt(committee, epoch - 1n, NEXT),
    audits.settledSeats(epoch, committee, NEXT),
  ]);
  const liable = new Set(decodeOwners(words));
  return [...liable]
    .filter((seat) => seat !== 0 && ((settled >> BigInt(seat)) & 1n) === 0n)
    .sort((a, b) => a - b);
}

/** Pays and blames seats; true when the chain took some of it. */
export async function settleSeats(
  needs: Needs,
  epoch: bigint,
  committee: number,
  seats: readonly number[],
): Promise<boolean> {
  const { audits } = needs.reader.contracts;
  let isSettled = false;
  for (let at = 0; at < seats.length; at += SEATS_AT_ONCE) {
    const set = setOf(seats.slice(at, at + SEATS_AT_ONCE));
    await catchUp(needs, epoch, committee, set);
    const data = audits.interface.encodeFunctionData("settle", [epoch, committee, set]);
    const key = `settle/${epoch}/${committee}/${set.toString(16)}`;
    const call = { key, to: await audits.getAddress(), data };
    isSettled = (await sendCall(needs, call)) || isSettled;
  }
  return isSettled;
}

/** After a long quiet the log has more expiries behind it than a settlement works off by itself. */
async function catchUp(needs: Needs, epoch: bigint, committee: number, seats: bigint): Promise<void> {
  const { context } = needs;
  const { audits, log } = needs.reader.contracts;
  const behind = log.interface.getError("StorageLog_NotRolled")!.selector;
  for (;;) {
    needs.signal.throwIfAborted();
    try {
      await audits.settle.staticCall(epoch, committee, seats, {
        ...NEXT,
        from: context.transactions.address,
      });
      return;
    } catch (error) {
      if (!isCallException(error) || error.data?.startsWith(behind) !== true) return;
      const rolledTo = log.interface.parseError(error.data)!.args[1];
      const data = log.interface.encodeFunctionData("roll", [committee, ROLLED_AT_ONCE]);
      const key = `roll/${committee}/${rolledTo}`;
      if (!(await sendCall(needs, { key, to: await log.getAddress(), data }))) return;
    }
  }
}

/** Removes the members of a committee that were blamed in an epoch and whose bond is short since. */
export async function evictShort(needs: Needs, epoch: bigint, committee: number): Promise<string[]> {
  const { audits, committees } = needs.reader.contracts;
  const evicted: string[] = [];
  for (const seat of elementsOf(await committees.seats(committee, NEXT))) {
    needs.signal.throwIfAborted();
    const { operator } = await committees.holderAt(committee, seat, NEXT);
    const [, lastMissed] = await audits.missesOf(operator, NEXT);
    if (lastMissed < epoch || !(await isShort(needs, operator))) continue;
    const data = committees.interface.encodeFunctionData("evict", [operator]);
    const key = `evict/${operator}/${epoch}`;
    if (await sendCall(needs, { key, to: await committees.getAddress(), data })) evicted.push(operator);
  }
  return evicted;
}

/** Whether the contract would let it go. */
async function isShort({ reader }: Needs, operator: string): Promise<boolean> {
  try {
    await reader.contracts.committees.evict.staticCall(operator, NEXT);
    return true;
  } catch (error) {
    if (isCallException(error)) return false;
    throw error;
  }
}
