import { SAMPLES } from "../../../keepers/storage/audits/samples.ts";
import { entriesToCapture } from "../capture.ts";
import { hypergeometricTail } from "../chances.ts";
import { caughtInEpoch, epochsUntilSlash } from "../detection.ts";
import { costPerEpoch, MONTH, MONTHS_PER_YEAR, rewardPerEpoch, type Setting } from "../terms.ts";
import type { Cheat } from "./cheat.ts";

const GIB = 2 ** 30;
const segmentBytes = 4 * 2 ** 20;
const segmentCodedGiB = 2 / 256;
const slots = 256;
/** One operator holds at most this of a committee. */
const mostSlots = 32;
const hashBytes = 32;
const smallestRow = 1_024;
/** Slots drawn when a segment is said to be unrecoverable, and how many rows must be shown to prove the contrary. */
const drawnSlots = 16;
const rowsNeeded = 8;
const permanentMonths = 20 * MONTHS_PER_YEAR;
const unit = "MYC an epoch";

export function nodeCheats(setting: Setting): Cheat[] {
  return [
    dropping(setting, 1, "stores nothing"),
    dropping(setting, 0.5, "stores half"),
    dropping(setting, 0.1, "drops a tenth"),
    keepingHashes(setting),
    fetching(setting),
    withholding(setting),
    joiningAndLeaving(setting),
    cryingUnrecoverable(setting),
  ];
}

/**
 * Gain f C. Loss p R + (s B + E) / T: with chance p = 1 - (1 - f)^2 an epoch's reward is gone; every T epochs a run of misses
 * cuts the bond, and the seat goes with it, so the entry fee is due again. Reward alone breaks even at R = C f / p; the bond
 * alone at s B + E = f C T.
 */
export function dropping(setting: Setting, missing: number, name: string): Cheat {
  const { nodeBond, entryFee, missesAllowed, missSlash } = setting.terms;
  const caught = caughtInEpoch(missing);
  const epochs = epochsUntilSlash(missing, missesAllowed);
  const gain = missing * costPerEpoch(setting);
  return {
    role: "node",
    name,
    gain,
    loss: caught * rewardPerEpoch(setting) + (missSlash * nodeBond + entryFee) / epochs,
    unit,
    breakEven: [
      { of: "reward / cost of storing, were no bond cut", value: missing / caught, unit: "" },
      {
        of: "bond, were nothing rewarded",
        value: Math.max(0, gain * epochs - entryFee) / missSlash,
        unit: "MYC",
      },
    ],
  };
}

/** A sample is a hash of the whole row under a fresh seed: a kept hash answers nothing, and costs a 32nd of the row. */
function keepingHashes(setting: Setting): Cheat {
  const nothing = dropping(setting, 1, "keeps hashes only");
  const saved = 1 - hashBytes / smallestRow;
  return { ...nothing, gain: nothing.gain * saved };
}

/** GiB that inventing all samples costs: a row that is gone is rebuilt from K others, and these are a whole segment. */
export const fetchedGiB = (SAMPLES * segmentBytes) / GIB;

/** Gain C. Loss 1,024 K rows at the price of reads, and as much traffic. The break-even price is that of a full node. */
function fetching(setting: Setting): Cheat {
  const { terms, around } = setting;
  const gain = costPerEpoch(setting);
  return {
    role: "node",
    name: "stores nothing, fetches what is asked for",
    gain,
    loss: fetchedGiB * (terms.readPerGiB + around.trafficPerGiB),
    unit,
    breakEven: [
      {
        of: "storage.readPricePerGiB",
        value: Math.max(0, gain / fetchedGiB - around.trafficPerGiB),
        unit: "MYC a GiB",
      },
    ],
  };
}

/** Coded GiB on a node from which on fetching on demand is cheaper than storing, at this epoch and price of reads. */
export function fetchingPaysFromGiB({ terms, around }: Setting): number {
  const perEpoch = fetchedGiB * (terms.readPerGiB + around.trafficPerGiB);
  return perEpoch / ((around.costPerGiBMonth * terms.epochLength) / MONTH);
}

/** Gain: the traffic of what readers ask for. Loss: what they would pay. */
function withholding({ terms, around }: Setting): Cheat {
  const read = (around.gibPerNode * around.readShare * terms.epochLength) / MONTH;
  return {
    role: "node",
    name: "serves nobody",
    gain: read * around.trafficPerGiB,
    loss: read * terms.readPerGiB,
    unit,
    breakEven: [{ of: "storage.readPricePerGiB", value: around.trafficPerGiB, unit: "MYC a GiB" }],
  };
}

/** From a tenth of all nodes to 40 % of one chosen committee: fees alone. It pays when what it holds is worth that to somebody. */
function joiningAndLeaving({ terms, around }: Setting): Cheat {
  const { committees, membersPerCommittee: size } = around;
  const cost = entriesToCapture({ weight: 0.1, size, committees }) * terms.entryFee;
  const dataGiB = (around.gibPerNode * size) / 2;
  return {
    role: "node",
    name: "joins and leaves until a committee is its own",
    gain: 0,
    loss: cost,
    unit: "MYC",
    breakEven: [{ of: "ransom for the committee's data", value: cost / dataGiB, unit: "MYC a GiB" }],
  };
}

/**
 * An operator with an eighth of the slots files, and is silent when drawn. Gain: its part of the segment needn't be stored,
 * with the chance that nine of 16 drawn slots are its own; it loses the deposit else, and an epoch's reward in each case.
 */
function cryingUnrecoverable(setting: Setting): Cheat {
  const { terms, around } = setting;
  const silentNeeded = drawnSlots - rowsNeeded + 1;
  const wins = hypergeometricTail(slots, mostSlots, drawnSlots, silentNeeded);
  const kept = (segmentCodedGiB * mostSlots) / slots;
  const gain = wins * kept * around.costPerGiBMonth * permanentMonths;
  return {
    role: "node",
    name: "says that a whole segment is unrecoverable",
    gain,
    loss: (1 - wins) * terms.unrecoverableDeposit + rewardPerEpoch(setting),
    unit: "MYC a segment",
    breakEven: [
      {
        of: "deposit, were nothing rewarded",
        value: gain / (1 - wins),
        unit: "MYC",
      },
    ],
  };
}

/** Chance that a segment with so many slots left passes for whole when it is said to be unrecoverable. */
export function passesForWhole(slotsLeft: number): number {
  return hypergeometricTail(slots, slotsLeft, drawnSlots, rowsNeeded);
}
