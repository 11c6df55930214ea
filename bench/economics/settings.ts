import { formatEther } from "ethers";
import { devnetParameters } from "../../scripts/deploy/parameters.ts";
import type { Circumstances, Setting, StorageTerms } from "./terms.ts";

/** A network of 12,800 nodes that lives on what it earns; 1 MYC is taken for what 1 USD buys. */
const productionTerms: StorageTerms = {
  epochLength: 86_400,
  nodeBond: 500,
  entryFee: 20,
  missesAllowed: 3,
  missSlash: 0.1,
  challengeDeposit: 1,
  unrecoverableDeposit: 5,
  leasePerGiBMonth: 0.0075,
  permanentPerGiB: 1.5,
  releaseRate: 0.05,
  treasuryShare: 0.05,
  readPerGiB: 0.02,
  creditPerGiB: 10,
  commitWindow: 600,
};

const productionCircumstances: Circumstances = {
  committees: 200,
  membersPerCommittee: 64,
  gibPerNode: 610,
  costPerGiBMonth: 0.002,
  trafficPerGiB: 0.002,
  interest: 0.1,
  gasPrice: 1e-8,
  dropAfter: 86_400,
  freeGiBPerDay: 1,
  readShare: 0.05,
};

export const production: Setting = {
  name: "production",
  terms: productionTerms,
  around: productionCircumstances,
};

function planned(name: string): bigint {
  const found = devnetParameters.find((parameter) => parameter.name === name);
  if (found === undefined) throw new Error(`The devnet has no parameter "${name}"`);
  return found.value;
}

const inMyc = (name: string): number => Number(formatEther(planned(name)));
const inBps = (name: string): number => Number(planned(name)) / 10_000;

/** Ten nodes on one machine, with the parameters of the devnet. */
export const devnet: Setting = {
  name: "devnet",
  terms: {
    epochLength: 3_600,
    nodeBond: inMyc("storage.nodeBond"),
    entryFee: inMyc("storage.entryFee"),
    missesAllowed: 2,
    missSlash: 0.25,
    challengeDeposit: inMyc("storage.challengeDeposit"),
    unrecoverableDeposit: 1,
    leasePerGiBMonth: inMyc("storage.leasePricePerGiB"),
    permanentPerGiB: inMyc("storage.permanentPricePerGiB"),
    releaseRate: inBps("storage.releaseRate"),
    treasuryShare: inBps("storage.treasuryBps"),
    readPerGiB: inMyc("storage.readPricePerGiB"),
    creditPerGiB: inMyc("storage.creditPerGiB"),
    commitWindow: 120,
  },
  around: { ...productionCircumstances, committees: 1, membersPerCommittee: 10, gibPerNode: 16 },
};
