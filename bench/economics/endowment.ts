/*
 * contracts/storage/Endowment.sol once more, with the same roundings and without the chain, so that twenty years take a
 * second. Amounts are wei; a unit is 16 KiB of coded bytes.
 */

export const UNITS_PER_GIB = 65_536n;
const BPS = 10_000n;
const YEAR = 365n * 86_400n;

export interface EndowmentTerms {
  /** Seconds of an epoch. */
  readonly epochLength: bigint;
  /** Share of the pool released in a year, bps. */
  readonly releaseRate: bigint;
  /** Share of every fee that goes to the treasury, bps. */
  readonly treasuryShare: bigint;
  /** Least price of permanent units, wei a GiB. */
  readonly permanentPrice: bigint;
}

export class Endowment {
  readonly #terms: EndowmentTerms;
  readonly #rateChanges = new Map<number, bigint>();
  #nextEpoch = 0;
  #leaseRate = 0n;
  #open = { total: 0n, fromPool: 0n, left: 0n };
  pool = 0n;
  surplus = 0n;
  leased = 0n;
  permanentUnits = 0n;
  /** All that nodes were paid, the treasury got, and writers brought. */
  paid = 0n;
  treasury = 0n;
  deposited = 0n;

  constructor(terms: EndowmentTerms) {
    this.#terms = terms;
  }

  /** What is held for somebody: what was deposited is this, what was paid, and the treasury's share, to the wei. */
  get held(): bigint {
    return this.pool + this.surplus + this.leased + this.#open.left;
  }

  /** Fee of permanent units now: the set price, or what the others hold each and the treasury's share of it, if that is more. */
  permanentUp(units: bigint): bigint {
    const { permanentPrice, treasuryShare } = this.#terms;
    const fee = divideUp(units * permanentPrice, UNITS_PER_GIB);
    if (this.permanentUnits === 0n) return fee;
    const kept = divideUp(units * this.pool, this.permanentUnits);
    const undiluted = divideUp(kept * BPS, BPS - treasuryShare);
    if (undiluted > fee) return undiluted;
    return fee;
  }

  /** @throws RangeError when the others would be diluted */
  depositPermanent(units: bigint, amount: bigint): void {
    const kept = this.#keep(amount);
    if (kept * this.permanentUnits < this.pool * units)
      throw new RangeError(`${amount} wei for ${units} units dilutes`);
    this.pool += kept;
    this.permanentUnits += units;
  }

  /** Leased units, from the next epoch on, for so many epochs. */
  depositLease(amount: bigint, epochs: number): void {
    const kept = this.#keep(amount);
    const rate = kept / BigInt(epochs);
    const divided = rate * BigInt(epochs);
    this.leased += divided;
    this.surplus += kept - divided;
    this.#changeRate(this.#nextEpoch, rate);
    this.#changeRate(this.#nextEpoch + epochs, -rate);
  }

  /** Begins an epoch and returns its budget. */
  open(): bigint {
    const share = this.#terms.releaseRate * this.#terms.epochLength;
    this.#leaseRate += this.#rateChanges.get(this.#nextEpoch) ?? 0n;
    this.#rateChanges.delete(this.#nextEpoch++);
    const fromPool = (this.pool * share) / (BPS * YEAR);
    const fromSurplus = (this.surplus * share) / (BPS * YEAR);
    const total = this.#leaseRate + fromPool + fromSurplus;
    this.leased -= this.#leaseRate;
    this.pool -= fromPool;
    this.surplus -= fromSurplus;
    this.#open = { total, fromPool, left: total };
    return total;
  }

  /** Pays the part `weight` / `totalWeight` of the open epoch's budget. */
  pay(weight: bigint, totalWeight: bigint): bigint {
    const amount = (this.#open.total * weight) / totalWeight;
    if (amount > this.#open.left) throw new RangeError(`${amount} wei, ${this.#open.left} are left`);
    this.#open.left -= amount;
    this.paid += amount;
    return amount;
  }

  /** Ends the epoch: what nobody has proven goes back to where it came from; leases' part to the surplus. */
  close(): void {
    const { total, fromPool, left } = this.#open;
    const toPool = left === 0n ? 0n : divideUp(left * fromPool, total);
    this.pool += toPool;
    this.surplus += left - toPool;
    this.#open = { total: 0n, fromPool: 0n, left: 0n };
  }

  #keep(amount: bigint): bigint {
    const toTreasury = (amount * this.#terms.treasuryShare) / BPS;
    this.deposited += amount;
    this.treasury += toTreasury;
    return amount - toTreasury;
  }

  #changeRate(epoch: number, by: bigint): void {
    this.#rateChanges.set(epoch, (this.#rateChanges.get(epoch) ?? 0n) + by);
  }
}

function divideUp(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
