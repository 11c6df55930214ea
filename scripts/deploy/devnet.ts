import { parseEther, parseUnits } from "ethers";

const day = 86_400n;

/** What a deployment is configured with besides its parameters. */
export interface DeploySettings {
  /** Seconds between `unbond` and `release`; longer than every dispute window together. */
  readonly unbondDelay: bigint;
  /** Seconds of a parameter epoch. */
  readonly epochLength: bigint;
  /** Seconds that a DAO call waits in the timelock. */
  readonly timelockDelay: bigint;
  /** Wei of MYC minted at genesis, to the deployer. */
  readonly genesis: bigint;
  /** Wei of MYC that one 12 s tick is worth before the first halving. */
  readonly emissionRate: bigint;
  /** Bps of each tick with their bounds: subnets, alignment, training, treasury. */
  readonly shares: readonly { bps: number; minBps: number; maxBps: number }[];
}

/** The devnet's: the design's numbers where time does not matter, short waits where it does. */
export const devnetSettings: DeploySettings = {
  unbondDelay: 21n * day,
  epochLength: 3_600n,
  timelockDelay: 3_600n,
  genesis: parseEther("10500000"),
  emissionRate: parseUnits("0.5", 18),
  shares: [
    { bps: 5_000, minBps: 3_000, maxBps: 7_000 },
    { bps: 1_500, minBps: 500, maxBps: 3_000 },
    { bps: 1_500, minBps: 500, maxBps: 3_000 },
    { bps: 2_000, minBps: 500, maxBps: 3_000 },
  ],
};
