import { type Figure, figure } from "../figure.ts";
import { assumptions } from "./assumptions.ts";
import { anyCaptureChance, captureChance, captureChanceUnbounded, entriesToCapture } from "./capture.ts";
import type { Cheat } from "./cheats/cheat.ts";
import { clientCheats } from "./cheats/client.ts";
import { fetchedGiB, fetchingPaysFromGiB, nodeCheats, passesForWhole } from "./cheats/node.ts";
import { publisherCheats } from "./cheats/publisher.ts";
import { caughtInEpoch, caughtWithin, epochsUntilSlash } from "./detection.ts";
import { demandPaths, pricePaths, wanderingPaths, YEARS } from "./paths.ts";
import { devnet, production } from "./settings.ts";
import { cheapestRelease, permanentYears, simulate, yearsOfCost } from "./solvency.ts";
import type { Setting } from "./terms.ts";

export { charts } from "./charts.ts";

const shares = [0.01, 0.05, 0.1, 0.5];
const weights = [0.1, 0.15, 0.2, 0.25, 0.33];
const networks = [
  { nodes: 567, size: 32 },
  { nodes: 567, size: 64 },
  { nodes: 12_800, size: 32 },
  { nodes: 12_800, size: 64 },
];
const wanderings = 200;
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** What storage costs, pays and risks: assumptions first, then detection, committees, the endowment, and cheats by role. */
export async function* figures(progress: (step: string) => void): AsyncGenerator<Figure> {
  for (const setting of [devnet, production]) yield* assumptions(setting);
  yield* detection();
  yield* committees();
  progress("twenty years of the endowment");
  yield* endowment(production);
  for (const setting of [devnet, production]) yield* cheats(setting);
}

function* detection(): Generator<Figure> {
  for (const missing of shares) {
    const name = `caught with ${percent(missing)} of its rows missing`;
    yield figure({ name: `${name}, one epoch`, value: caughtInEpoch(missing), unit: "chance" });
    yield figure({ name: `${name}, 30 epochs`, value: caughtWithin(missing, 30), unit: "chance" });
    yield figure({
      name: `epochs until ${production.terms.missesAllowed} misses in a row, ${percent(missing)} missing`,
      value: epochsUntilSlash(missing, production.terms.missesAllowed),
      unit: "epochs",
    });
  }
  yield figure({
    name: "a segment with half its slots left passes for whole",
    value: passesForWhole(128),
    unit: "chance",
  });
}

function* committees(): Generator<Figure> {
  for (const weight of weights)
    for (const { nodes, size } of networks) {
      const name = `${percent(weight)} of ${nodes} nodes hold > 40 % of`;
      const value = captureChance(nodes, weight, size);
      const reference = { name: "binomial", value: captureChanceUnbounded(weight, size) };
      yield figure({ name: `${name} a committee of ${size}`, value, unit: "chance", reference });
      const count = Math.floor(nodes / size);
      yield figure({
        name: `${name} any of ${count} committees of ${size}`,
        value: anyCaptureChance(value, count),
        unit: "chance",
      });
      yield figure({
        name: `entry fees to take a chosen one of ${count} committees of ${size} from ${percent(weight)}`,
        value: entriesToCapture({ weight, size, committees: count }),
        unit: "fees",
      });
    }
}

function* endowment({ terms, around }: Setting): Generator<Figure> {
  const years = yearsOfCost(terms.permanentPerGiB, around.costPerGiBMonth);
  yield figure({ name: "permanent price, in years of today's cost", value: years, unit: "years" });
  for (const change of [-0.3, -0.1, 0, 0.1]) {
    const name = `to cover ${YEARS} years while cost changes by ${percent(change)} a year`;
    yield figure({
      name: `${name}: price, in years of today's cost`,
      value: permanentYears(terms, change, YEARS),
      unit: "years",
      atMost: years,
    });
    yield figure({
      name: `${name}: cheapest release`,
      value: cheapestRelease(change, YEARS),
      unit: "a year",
    });
  }
  for (const path of [...pricePaths, ...demandPaths]) {
    const found = simulate(terms, around.costPerGiBMonth, path);
    const { name } = path;
    yield figure({ name: `${name}: least release / cost`, value: found.worst, unit: "", atLeast: 1 });
    yield figure({ name: `${name}: pays for`, value: Math.min(found.paysFor, YEARS), unit: "years" });
    yield figure({ name: `${name}: breaks even at a price of`, value: found.breakEven, unit: "MYC a GiB" });
    yield figure({ name: `${name}: pool left`, value: found.poolLeft, unit: "of what came in" });
    yield figure({
      name: `${name}: wei unaccounted for`,
      value: Number(found.missing),
      unit: "wei",
      atMost: 0,
    });
    yield figure({ name: `${name}: dilution`, value: Number(found.diluted), unit: "wei a GiB", atMost: 0 });
  }
  const wandered = wanderingPaths(wanderings).map((path) => simulate(terms, around.costPerGiBMonth, path));
  const kept = wandered.filter(({ worst }) => worst >= 1).length;
  yield figure({
    name: `token wanders by 80 % a year, cost -10 %: of ${wanderings} paths pay for ${YEARS} years`,
    value: kept / wanderings,
    unit: "share",
  });
  yield figure({
    name: "the same: break-even price that nine tenths of the paths would not exceed",
    value: wandered.map(({ breakEven }) => breakEven).sort((a, b) => a - b)[Math.floor(wanderings * 0.9)]!,
    unit: "MYC a GiB",
  });
}

function* cheats(setting: Setting): Generator<Figure> {
  for (const cheat of [...nodeCheats(setting), ...publisherCheats(setting), ...clientCheats(setting)])
    yield* cheatFigures(setting.name, cheat);
  yield figure({
    name: `${setting.name}: coded bytes of a node from which on fetching on demand is cheaper than storing`,
    value: fetchingPaysFromGiB(setting),
    unit: "GiB",
    atLeast: setting.around.gibPerNode,
  });
  for (const megabits of [100, 1_000])
    yield figure({
      name: `${setting.name}: time to fetch all samples over ${megabits} Mbit/s`,
      value: (fetchedGiB * 2 ** 33) / (megabits * 1e6),
      unit: "s",
      reference: { name: "commit window", value: setting.terms.commitWindow },
    });
}

function* cheatFigures(
  network: string,
  { role, name, gain, loss, unit, breakEven }: Cheat,
): Generator<Figure> {
  const title = `${network}, ${role} ${name}`;
  const reference = gain > 0 ? { reference: { name: "gain", value: gain } } : {};
  yield figure({ name: `${title}: loss`, value: loss, unit, atLeast: gain, ...reference });
  for (const { of, value, unit: measure } of breakEven)
    yield figure({ name: `${title}: breaks even at ${of}`, value, unit: measure });
}
