/*
 * Tails of the two laws by which a committee is filled. Each term follows from the one before, so nothing over- or underflows
 * before it is smaller than a double can hold.
 */

/** ln(n!), exact to rounding. */
function logFactorial(n: number): number {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
}

function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return -Infinity;
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Chance of at least `least` successes in `trials` trials of chance `p` each. */
export function binomialTail(trials: number, p: number, least: number): number {
  if (least <= 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return least <= trials ? 1 : 0;
  let sum = 0;
  for (let hits = trials; hits >= least; hits--)
    sum += Math.exp(logChoose(trials, hits) + hits * Math.log(p) + (trials - hits) * Math.log1p(-p));
  return Math.min(1, sum);
}

/** Chance that a draw of `draws` out of `population` without repetition has at least `least` of its `marked` ones. */
export function hypergeometricTail(population: number, marked: number, draws: number, least: number): number {
  const all = logChoose(population, draws);
  let sum = 0;
  for (let hits = Math.min(draws, marked); hits >= Math.max(0, least); hits--)
    sum += Math.exp(logChoose(marked, hits) + logChoose(population - marked, draws - hits) - all);
  return Math.min(1, sum);
}

/** Expected trials of chance `p` until `run` of them in a row have succeeded: (1 - p^run) / ((1 - p) * p^run). */
export function trialsUntilRun(p: number, run: number): number {
  if (p <= 0) return Infinity;
  if (p >= 1) return run;
  return (1 - p ** run) / ((1 - p) * p ** run);
}
