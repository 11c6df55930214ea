import { parseEther, parseUnits } from "ethers";

/** A parameter as it is introduced on chain: its value, and bounds that nobody can change later. */
export interface ParameterPlan {
  readonly name: string;
  readonly value: bigint;
  readonly min: bigint;
  readonly max: bigint;
  /** Largest absolute change of one step. */
  readonly maxStep: bigint;
  /** Seconds between two changes. */
  readonly cooldown: bigint;
  readonly unit: "wei" | "seconds" | "bps" | "count" | "wei per GiB";
  readonly meaning: string;
}

type Row = [
  name: string,
  value: bigint,
  min: bigint,
  max: bigint,
  unit: ParameterPlan["unit"],
  meaning: string,
];

const day = 86_400n;
const myc = parseEther;

// Windows are short on a devnet, where everything answers at once; the bounds are those of every network.
const rows: readonly Row[] = [
  [
    "services.minBond",
    myc("100"),
    myc("1"),
    myc("1000000"),
    "wei",
    "smallest bond allocated to Services that may offer anything",
  ],
  [
    "services.bondRatio",
    20_000n,
    10_000n,
    1_000_000n,
    "bps",
    "bond required for each wei of open budgets admitted",
  ],
  ["sessions.minDuration", 60n, 10n, day, "seconds", "shortest session"],
  ["sessions.maxDuration", 30n * day, 3_600n, 365n * day, "seconds", "longest session"],
  ["sessions.claimWindow", 600n, 60n, 7n * day, "seconds", "time to claim after a session closes or expires"],
  ["sessions.disputeWindow", 2n, 1n, 7n * day, "seconds", "least time between a claim and its payment"],
  ["sessions.feeBps", 100n, 0n, 1_000n, "bps", "protocol fee on a settled claim, to the treasury"],
  ["audits.sampleBps", 1_000n, 10n, 10_000n, "bps", "share of a claim's receipts that the beacon draws"],
  ["audits.maxSample", 8n, 1n, 32n, "count", "most receipts drawn out of one claim"],
  [
    "audits.reward",
    parseUnits("0.0005", 18),
    0n,
    myc("100"),
    "wei",
    "to each verifier for each drawn receipt",
  ],
  [
    "audits.verifierBond",
    myc("100"),
    myc("1"),
    myc("1000000"),
    "wei",
    "bond allocated to Audits that a verifier needs",
  ],
  ["audits.absencePenalty", myc("1"), 0n, myc("1000"), "wei", "cut from a drawn verifier that does not act"],
  [
    "audits.slashBps",
    5_000n,
    100n,
    10_000n,
    "bps",
    "share of a guilty provider's slashable bond that is cut",
  ],
  ["audits.reporterBps", 2_000n, 0n, 5_000n, "bps", "share of a slash for the verifiers that found it"],
  ["audits.openWindow", 300n, 30n, 2n * day, "seconds", "time for the provider to open drawn receipts"],
  ["audits.commitWindow", 300n, 30n, 2n * day, "seconds", "time for verifiers to commit"],
  ["audits.unsealWindow", 300n, 30n, 2n * day, "seconds", "time for the provider to reveal its answers"],
  ["audits.revealWindow", 300n, 30n, 2n * day, "seconds", "time for verifiers to reveal"],
  ["beacon.tip", parseUnits("0.0001", 18), 0n, myc("1"), "wei", "paid to whoever fulfils a draw"],
  [
    "storage.leasePricePerGiB",
    myc("1"),
    parseUnits("0.000001", 18),
    myc("10000"),
    "wei per GiB",
    "fee of a leased GiB of coded rows for 30 days",
  ],
  [
    "storage.permanentPricePerGiB",
    myc("100"),
    parseUnits("0.0001", 18),
    myc("1000000"),
    "wei per GiB",
    "least fee of a GiB of coded rows for ever",
  ],
  [
    "storage.releaseRate",
    500n,
    10n,
    5_000n,
    "bps",
    "share of the endowment that goes to proven byte-time in a year",
  ],
  ["storage.treasuryBps", 500n, 0n, 2_000n, "bps", "share of fees for storage that the treasury gets"],
  ["storage.commitWindow", 300n, 30n, day, "seconds", "time for members to commit to their samples"],
  ["storage.openWindow", 300n, 30n, day, "seconds", "time for members to open what is drawn, and to settle"],
  ["storage.missesAllowed", 2n, 0n, 16n, "count", "misses in a row that cost reward and no bond yet"],
  [
    "storage.missSlashBps",
    1_000n,
    10n,
    10_000n,
    "bps",
    "share of the slashable bond that a further miss costs",
  ],
  ["storage.reporterBps", 2_000n, 0n, 5_000n, "bps", "share of that for who settles the miss"],
  ["storage.crankBps", 500n, 0n, 2_000n, "bps", "share of an epoch's budget set aside for cranks"],
  [
    "storage.crankReward",
    parseUnits("0.001", 18),
    0n,
    myc("10"),
    "wei",
    "what one crank earns while that lasts",
  ],
  [
    "storage.filingDeposit",
    myc("1"),
    parseUnits("0.0001", 18),
    myc("1000"),
    "wei",
    "deposit of a case: lost to 32 owners who show rows when the segment can be rebuilt",
  ],
  ["storage.readPricePerGiB", myc("0.01"), 0n, myc("100"), "wei per GiB", "what a node earns for reads"],
  ["storage.readClaimWindow", 600n, 60n, 7n * day, "seconds", "time to claim reads after a session expires"],
  [
    "storage.nodeBond",
    myc("100"),
    myc("1"),
    myc("1000000"),
    "wei",
    "bond allocated to StorageAudits that a node needs",
  ],
  [
    "storage.entryFee",
    myc("1"),
    0n,
    myc("1000"),
    "wei",
    "what a place in a committee costs, to the treasury",
  ],
  // Never below what one member may hold, or it could not leave.
  ["storage.churn", 2_500n, 1_250n, 10_000n, "bps", "share of a committee's slots that may move in an epoch"],
  [
    "storage.committeeSize",
    32n,
    8n,
    255n,
    "count",
    "members that each committee needs before one more opens",
  ],
  [
    "storage.challengeDeposit",
    parseUnits("0.1", 18),
    parseUnits("0.0001", 18),
    myc("1000"),
    "wei",
    "price of asking a member whether it is there",
  ],
  ["storage.answerWindow", 120n, 30n, 2n * day, "seconds", "time for a member to say that it is there"],
  [
    "storage.creditPerGiB",
    myc("10"),
    parseUnits("0.0001", 18),
    myc("100000"),
    "wei per GiB",
    "bond allocated to StorageLog for each GiB that a node takes from an uploader before it is paid for",
  ],
];

/** Parameters of the devnet, in the order in which they are introduced. */
export const devnetParameters: readonly ParameterPlan[] = rows.map(
  ([name, value, min, max, unit, meaning]) => ({
    name,
    value,
    min,
    max,
    unit,
    meaning,
    // A change is at most a quarter of the range, and never so small that nothing could move.
    maxStep: (max - min) / 4n + 1n,
    cooldown: day,
  }),
);
