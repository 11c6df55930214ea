import { parseEther } from "ethers";
import { Endowment, type EndowmentTerms, UNITS_PER_GIB } from "./endowment.ts";
import { DAYS, type Path } from "./paths.ts";
import { MONTHS_PER_YEAR, type StorageTerms } from "./terms.ts";

export interface Solvency {
  /** Least of what a proven GiB-month brings / what it costs; from 1 on it pays to go on. */
  readonly worst: number;
  /** Years until it no longer pays; Infinity when it always does. */
  readonly paysFor: number;
  /** Permanent price, or lease price, at which `worst` would be 1, MYC. */
  readonly breakEven: number;
  /** What is left of all that was ever kept for permanent units. */
  readonly poolLeft: number;
  /** deposited - (held + paid + treasury's), wei: zero. */
  readonly missing: bigint;
  /** Most that a deposit has lowered pool / units, wei a GiB: zero. */
  readonly diluted: bigint;
  /** [years, what a GiB-month brings / costs], monthly. */
  readonly coverage: readonly (readonly [number, number])[];
}

/** Goes through a path day by day, an epoch each. */
export function simulate(terms: StorageTerms, costPerGiBMonth: number, path: Path): Solvency {
  const endowment = new Endowment(weiTerms(terms));
  const leasePrice = wei(terms.leasePerGiBMonth);
  const coverage: [number, number][] = [];
  let [worst, paysFor, diluted, leasedUntil, leasedGiB] = [Infinity, Infinity, 0n, 0, 0];
  for (let day = 0; day < DAYS; day++) {
    const lost = buy(endowment, gib(path.permanent(day)));
    if (lost > diluted) diluted = lost;
    const lease = path.leased(day);
    if (lease > 0) {
      endowment.depositLease(gib(lease) * leasePrice, 30);
      [leasedUntil, leasedGiB] = [day + 30, lease];
    }
    const held = Number(endowment.permanentUnits / UNITS_PER_GIB) + (day < leasedUntil ? leasedGiB : 0);
    const budget = endowment.open();
    endowment.pay(path.proven(day), 10_000n);
    endowment.close();
    const brings = (myc(budget) * 30) / held;
    const ratio = (brings * path.token(day)) / (costPerGiBMonth * path.cost(day));
    if (ratio < 1 && paysFor === Infinity) paysFor = day / 365;
    worst = Math.min(worst, ratio);
    if (day % 30 === 0) coverage.push([day / 365, ratio]);
  }
  const { deposited, held, paid, treasury, pool } = endowment;
  const price = endowment.permanentUnits === 0n ? terms.leasePerGiBMonth : terms.permanentPerGiB;
  return {
    worst,
    paysFor,
    breakEven: price / worst,
    poolLeft: Number(pool) / Number(deposited - treasury),
    missing: deposited - held - paid - treasury,
    diluted,
    coverage,
  };
}

/** Buys permanent GiB at the price of the day; returns by how much the others' share of the pool has fallen, wei a GiB. */
function buy(endowment: Endowment, amount: bigint): bigint {
  if (amount === 0n) return 0n;
  const units = amount * UNITS_PER_GIB;
  const before = shareOf(endowment);
  endowment.depositPermanent(units, endowment.permanentUp(units));
  return before - shareOf(endowment);
}

function shareOf({ pool, permanentUnits }: Endowment): bigint {
  return permanentUnits === 0n ? 0n : (pool * UNITS_PER_GIB) / permanentUnits;
}

/**
 * Price of a permanent GiB, in years of today's cost, that is covered for `years` while cost changes by `change` a year:
 * the release r * p * e^(-r t) must reach c * (1 + change)^t at both ends of the time, so p / c is the larger of 1 / r and
 * (1 + change)^years * e^(r years) / r; after the treasury's share.
 */
export function permanentYears(terms: StorageTerms, change: number, years: number): number {
  const { releaseRate, treasuryShare } = terms;
  const end = Math.exp(years * (releaseRate + Math.log1p(change)));
  return Math.max(1, end) / releaseRate / (1 - treasuryShare);
}

/** Release rate at which `permanentYears` is least: 1 / years, or the rate at which cost falls if that is more. */
export function cheapestRelease(change: number, years: number): number {
  return Math.max(1 / years, -Math.log1p(change));
}

/** Cost of a permanent GiB in years of what a year costs now. */
export function yearsOfCost(pricePerGiB: number, costPerGiBMonth: number): number {
  return pricePerGiB / (costPerGiBMonth * MONTHS_PER_YEAR);
}

function weiTerms(terms: StorageTerms): EndowmentTerms {
  return {
    epochLength: 86_400n,
    releaseRate: BigInt(Math.round(terms.releaseRate * 10_000)),
    treasuryShare: BigInt(Math.round(terms.treasuryShare * 10_000)),
    permanentPrice: wei(terms.permanentPerGiB),
  };
}

const wei = (amount: number): bigint => parseEther(amount.toFixed(12));
const myc = (amount: bigint): number => Number(amount) / 1e18;
const gib = (amount: number): bigint => BigInt(Math.round(amount));
