import { MONTH, MONTHS_PER_YEAR, releasePerGiBMonth, type Setting } from "../terms.ts";
import type { Cheat } from "./cheat.ts";

/** Gas of an answer to a challenge, with a margin. */
const answerGas = 60_000;
/** Seconds of one core to encode a segment of 4 MiB anew. */
const encodeSeconds = 0.04;
const segmentsPerGiB = 128;
/** MYC for an hour of one core. */
const coreHour = 0.02;

export function clientCheats(setting: Setting): Cheat[] {
  return [filling(setting), readingForNothing(setting), grinding(setting), challenging(setting)];
}

/**
 * Unpublished rows block disks. Gain: the lease price of the same space. Loss: the bond's interest, the same bond counting at
 * every member, and the traffic to send everything again whenever it is dropped.
 */
function filling({ terms, around }: Setting): Cheat {
  const traffic = (around.trafficPerGiB * MONTH) / around.dropAfter;
  const members = around.membersPerCommittee * around.committees;
  const interest = (terms.creditPerGiB * around.interest) / MONTHS_PER_YEAR / members;
  const gap = Math.max(0, terms.leasePerGiBMonth - traffic);
  return {
    role: "client",
    name: "fills disks with what it never publishes",
    gain: terms.leasePerGiBMonth,
    loss: traffic + interest,
    unit: "MYC a GiB-month",
    breakEven: [
      {
        of: "storage.creditPerGiB",
        value: (gap * members * MONTHS_PER_YEAR) / around.interest,
        unit: "MYC a GiB",
      },
    ],
  };
}

/** The free quota of one more bonded signer at every member, against the interest of its bond. */
function readingForNothing({ terms, around }: Setting): Cheat {
  const members = around.membersPerCommittee * around.committees;
  const gain = around.freeGiBPerDay * members * terms.readPerGiB;
  return {
    role: "client",
    name: "reads from free quotas only",
    gain,
    loss: 0,
    unit: "MYC a day",
    breakEven: [{ of: "cost of a key", value: gain, unit: "MYC a day" }],
  };
}

/**
 * Commitments are tried until one falls into the wanted committee. Gain: the permanent release of a byte to one operator, at
 * most an eighth; loss: the price of the byte, and `committees` encodings.
 */
function grinding({ terms, around }: Setting): Cheat {
  const tries = (around.committees * segmentsPerGiB * encodeSeconds * coreHour) / 3_600;
  const gain = (releasePerGiBMonth(terms) * 20 * MONTHS_PER_YEAR) / 8;
  const loss = terms.permanentPerGiB + tries;
  return {
    role: "client",
    name: "grinds commitments to load its own node's committee",
    gain,
    loss,
    unit: "MYC a GiB",
    breakEven: [{ of: "share of the committee's slots", value: loss / (gain * 8), unit: "" }],
  };
}

/** A live node is challenged: it gets the deposit and pays for its answer. */
function challenging({ terms, around }: Setting): Cheat {
  const victim = answerGas * around.gasPrice;
  return {
    role: "challenger",
    name: "challenges who is there",
    gain: victim,
    loss: terms.challengeDeposit,
    unit: "MYC a challenge",
    breakEven: [{ of: "storage.challengeDeposit", value: victim, unit: "MYC" }],
  };
}
