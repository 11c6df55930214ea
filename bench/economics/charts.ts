import type { LineChart } from "../plot.ts";
import { captureChanceUnbounded } from "./capture.ts";
import { caughtWithin } from "./detection.ts";
import { pricePaths, YEARS } from "./paths.ts";
import { production } from "./settings.ts";
import { simulate } from "./solvency.ts";

const missingShares = [0.01, 0.05, 0.1, 0.5];

/** What can be drawn: release against cost, how soon a node is caught, and who holds a committee. */
export function charts(): readonly LineChart[] {
  return [releaseChart(), detectionChart(), captureChart()];
}

function releaseChart(): LineChart {
  const { terms, around } = production;
  return {
    name: "storage-release",
    title: "What a proven GiB-month brings / what it costs, all paid on day 0",
    x: { label: "years", from: 0, to: YEARS },
    y: { label: "release / cost", from: 0.1, to: 1_000, logarithmic: true },
    lines: pricePaths.slice(0, 5).map((path) => ({
      name: path.name,
      points: simulate(terms, around.costPerGiBMonth, path).coverage,
    })),
  };
}

function detectionChart(): LineChart {
  const epochs = Array.from({ length: 31 }, (_, epoch) => epoch);
  return {
    name: "storage-detection",
    title: "Chance that a node has been caught",
    x: { label: "epochs", from: 0, to: 30 },
    y: { label: "chance", from: 0, to: 1 },
    lines: missingShares.map((missing) => ({
      name: `${missing * 100} % missing`,
      points: epochs.map((epoch) => [epoch, caughtWithin(missing, epoch)] as const),
    })),
  };
}

function captureChart(): LineChart {
  const steps = Array.from({ length: 41 }, (_, step) => step / 100);
  return {
    name: "storage-committees",
    title: "Chance that a committee is > 40 % in one hand",
    x: { label: "share of all nodes in that hand", from: 0, to: 0.4 },
    y: { label: "chance", from: 1e-12, to: 1, logarithmic: true },
    lines: [32, 64].map((size) => ({
      name: `committee of ${size}`,
      points: steps.slice(1).map((weight) => [weight, captureChanceUnbounded(weight, size)] as const),
    })),
  };
}
