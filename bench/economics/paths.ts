import { seededRandom } from "../random.ts";

/** Twenty years as one might have them. Days count from 0, years are days / 365. */
export interface Path {
  readonly name: string;
  /** Cost of a GiB-month, relative to day 0, in money that keeps its value. */
  readonly cost: (day: number) => number;
  /** Price of the token, relative to day 0, in the same money. */
  readonly token: (day: number) => number;
  /** GiB that are paid for ever on a day. */
  readonly permanent: (day: number) => number;
  /** GiB that are leased on a day, for 30 days each. */
  readonly leased: (day: number) => number;
  /** Share of what should be proven that is proven on a day, bps. */
  readonly proven: (day: number) => bigint;
}

export const YEARS = 20;
export const DAYS = YEARS * 365;
const firstGiB = 2 ** 20;

const yearly = (rate: number) => (day: number) => (1 + rate) ** (day / 365);
const flat = () => 1;
const none = () => 0;
const all = () => 10_000n;
const onceAtStart = (day: number) => (day === 0 ? firstGiB : 0);
const growing = (rate: number, until: number) => (day: number) =>
  day < until * 365 ? (firstGiB / 365) * yearly(rate)(day) : 0;

/** Falls by 10 % a year, and doubles at the start of the years 3 and 12, as when a factory floods. */
function jumps(day: number): number {
  return yearly(-0.1)(day) * (day >= 3 * 365 ? 2 : 1) * (day >= 12 * 365 ? 2 : 1);
}

/** Every month the price is multiplied by e^(0.23 x), x standard normal: 80 % a year. */
function wandering(seed: bigint): (day: number) => number {
  const random = seededRandom(seed);
  const months: number[] = [1];
  for (let month = 1; month <= DAYS / 30 + 1; month++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    months.push(months[month - 1]! * Math.exp(0.23 * normal));
  }
  return (day) => months[Math.floor(day / 30)]!;
}

/** Nothing comes after day 0: the hardest case for a price path. */
const base: Omit<Path, "name"> = {
  cost: flat,
  token: flat,
  permanent: onceAtStart,
  leased: none,
  proven: all,
};
const falling = { ...base, cost: yearly(-0.1) };

/** The price of keeping a byte; everything is paid on day 0. */
export const pricePaths: readonly Path[] = [
  { ...base, name: "cost flat" },
  { ...base, name: "cost -10 % a year", cost: yearly(-0.1) },
  { ...base, name: "cost -30 % a year", cost: yearly(-0.3) },
  { ...base, name: "cost -10 % a year, doubles in years 3 and 12", cost: jumps },
  { ...base, name: "cost +10 % a year", cost: yearly(0.1) },
  { ...falling, name: "cost -10 %, token -10 % a year", token: yearly(-0.1) },
  { ...falling, name: "cost -10 %, token -30 % a year", token: yearly(-0.3) },
  { ...falling, name: "cost -10 %, token +10 % a year", token: yearly(0.1) },
];

/** As many paths on which cost falls by 10 % a year and the token's price wanders. */
export function wanderingPaths(count: number): Path[] {
  return Array.from({ length: count }, (_, seed) => ({
    ...falling,
    name: `cost -10 %, token wanders (seed ${seed})`,
    token: wandering(BigInt(seed)),
  }));
}

/** Who comes, and who stays; cost falls by 10 % a year unless said. */
export const demandPaths: readonly Path[] = [
  { ...base, name: "cost flat, demand grows 30 % a year", permanent: growing(0.3, YEARS) },
  { ...base, name: "cost flat, demand grows 30 % a year, stops in year 5", permanent: growing(0.3, 5) },
  {
    ...base,
    name: "cost flat, ten times the bytes within a month of year 5",
    permanent: (day) => onceAtStart(day) + (day >= 5 * 365 && day < 5 * 365 + 30 ? (10 * firstGiB) / 30 : 0),
  },
  {
    ...falling,
    name: "leases only",
    permanent: none,
    leased: (day) => (day % 30 === 0 ? firstGiB : 0),
  },
  { ...base, name: "cost flat, a tenth of the proofs is missing", proven: () => 9_000n },
  {
    ...base,
    name: "cost flat, two thirds of the nodes leave for year 5",
    proven: (day) => (day >= 5 * 365 && day < 6 * 365 ? 3_333n : 10_000n),
  },
];
