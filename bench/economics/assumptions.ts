import { type Figure, figure } from "../figure.ts";
import {
  type Circumstances,
  costPerEpoch,
  rewardPerEpoch,
  type Setting,
  type StorageTerms,
} from "./terms.ts";

const termLabels: Record<keyof StorageTerms, readonly [name: string, unit: string]> = {
  epochLength: ["length of an epoch", "s"],
  nodeBond: ["storage.nodeBond", "MYC"],
  entryFee: ["storage.entryFee", "MYC"],
  missesAllowed: ["storage.missesAllowed", "misses"],
  missSlash: ["storage.missSlashBps", "of the bond"],
  challengeDeposit: ["storage.challengeDeposit", "MYC"],
  unrecoverableDeposit: ["storage.filingDeposit", "MYC"],
  leasePerGiBMonth: ["storage.leasePricePerGiB", "MYC a GiB-month"],
  permanentPerGiB: ["storage.permanentPricePerGiB", "MYC a GiB"],
  releaseRate: ["storage.releaseRate", "a year"],
  treasuryShare: ["storage.treasuryBps", "of a fee"],
  readPerGiB: ["storage.readPricePerGiB", "MYC a GiB"],
  creditPerGiB: ["storage.creditPerGiB", "MYC a GiB"],
  commitWindow: ["storage.commitWindow", "s"],
};

const circumstanceLabels: Record<keyof Circumstances, readonly [name: string, unit: string]> = {
  committees: ["committees", ""],
  membersPerCommittee: ["members of a committee", ""],
  gibPerNode: ["coded bytes on a node", "GiB"],
  costPerGiBMonth: ["cost of storing coded bytes", "MYC a GiB-month"],
  trafficPerGiB: ["cost of traffic", "MYC a GiB"],
  interest: ["interest on a bond", "a year"],
  gasPrice: ["price of gas", "MYC"],
  dropAfter: ["unpublished rows are dropped after", "s"],
  freeGiBPerDay: ["free reads of a signer from a node", "GiB a day"],
  readShare: ["share of its bytes that a node sends", "a month"],
};

/** What a setting takes for granted, and whether an honest node earns its cost under it. */
export function* assumptions(setting: Setting): Generator<Figure> {
  const { name: network, terms, around } = setting;
  for (const [key, [name, unit]] of Object.entries(termLabels))
    yield figure({ name: `${network}: ${name}`, value: terms[key as keyof StorageTerms], unit });
  for (const [key, [name, unit]] of Object.entries(circumstanceLabels))
    yield figure({
      name: `${network}, assumed: ${name}`,
      value: around[key as keyof Circumstances],
      unit,
    });
  yield figure({
    name: `${network}: reward of a node for an epoch's proofs`,
    value: rewardPerEpoch(setting),
    unit: "MYC",
    atLeast: costPerEpoch(setting),
    reference: { name: "what storing costs it", value: costPerEpoch(setting) },
  });
}
