import { formatEther } from "ethers";
import { devnetParameters, type ParameterPlan } from "./parameters.ts";

/** Path of the page, from the root of the repository. */
export const parametersPage = "docs/parameters.md";

function show(amount: bigint, unit: ParameterPlan["unit"]): string {
  if (unit === "wei" || unit === "wei per GiB") return `${formatEther(amount)} MYC`;
  if (unit === "bps") return `${Number(amount) / 100} %`;
  if (unit === "seconds")
    return amount % 86_400n === 0n && amount > 0n ? `${amount / 86_400n} d` : `${amount} s`;
  return amount.toString();
}

/** The parameters page, made from the deploy plan so that it can't drift from it. */
export function renderParametersPage(): string {
  const rows = devnetParameters.map(
    ({ name, value, min, max, unit, meaning }) =>
      `| \`${name}\` | ${show(value, unit)} | ${show(min, unit)} … ${show(max, unit)} | ${meaning} |`,
  );
  return [
    "# Parameters",
    "",
    "Made by `npm run docs:parameters` from `scripts/deploy/parameters.ts`. The DAO may move a value inside its bounds, by at",
    "most a quarter of the range in one step and once a day; a change takes effect at the start of the next epoch. Nobody may",
    "move a bound. Values are the devnet's.",
    "",
    "| name | devnet | bounds | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
