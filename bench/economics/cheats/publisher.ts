import { releasePerGiBMonth, type Setting } from "../terms.ts";
import type { Cheat } from "./cheat.ts";

const years = 20;
/** One operator's most of a committee; a whole committee in one hand is the worst case. */
const wholeCommittee = 1;

export function publisherCheats(setting: Setting): Cheat[] {
  return [claimingUndelivered(setting), overclaiming(setting), publishingNothing(setting)];
}

/** Without receipts the batch stays uncertified, and who looks sees it: the fee is paid for nothing. A GiB for a month. */
function claimingUndelivered({ terms }: Setting): Cheat {
  return {
    role: "publisher",
    name: "appends what it has not delivered",
    gain: 0,
    loss: terms.leasePerGiBMonth,
    unit: "MYC a GiB",
    breakEven: [],
  };
}

/**
 * Units without rows, leased for a month: they take part of what permanent bytes release, w * b a GiB-month, and cost the
 * lease price, of which w (1 - t) comes back; the worst case is a committee in one hand (w = 1) that signs for them.
 */
function overclaiming({ terms }: Setting): Cheat {
  const gain = wholeCommittee * releasePerGiBMonth(terms);
  return {
    role: "publisher",
    name: "leases units that have no rows, with a whole committee",
    gain,
    loss: terms.leasePerGiBMonth,
    unit: "MYC a GiB-month",
    breakEven: [{ of: "storage.leasePricePerGiB", value: gain, unit: "MYC a GiB-month" }],
  };
}

/**
 * Permanent rows that nobody holds, or that are made from a seed when asked for, so that the node's audits pass. New units pay
 * what the others hold each, so they are released their own money: w (1 - t) (1 - e^(-r T)) of the fee within T years.
 */
function publishingNothing({ terms }: Setting): Cheat {
  const back = (1 - terms.treasuryShare) * (1 - Math.exp(-terms.releaseRate * years));
  return {
    role: "publisher",
    name: "pays for ever for rows that nobody holds, with a whole committee",
    gain: wholeCommittee * back * terms.permanentPerGiB,
    loss: terms.permanentPerGiB,
    unit: "MYC a GiB",
    breakEven: [{ of: "share of the committee's slots", value: 1 / back, unit: "" }],
  };
}
