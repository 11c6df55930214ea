import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import type { network } from "hardhat";
import { deployBonds } from "../core/fixtures.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;

export const EPOCH = 86_400n;
export const MYC = 10n ** 18n;
/** 65,536 units are a GiB. */
export const GIB = 65_536n;
export const PRICE = 12n * MYC;
export const RELEASE_BPS = 1_000n;
export const TREASURY_BPS = 500n;
export const BPS = 10_000n;
export const YEAR = 365n * 86_400n;

export const keptOf = (amount: bigint) => amount - (amount * TREASURY_BPS) / BPS;
export const releaseOf = (amount: bigint) => (amount * RELEASE_BPS * EPOCH) / (BPS * YEAR);
export const ceilDiv = (a: bigint, b: bigint) => (a + b - 1n) / b;

/** What the tests of the endowment do, on a chain of their own. */
export function endowedOn({ ethers, networkHelpers }: Connection) {
  async function deployOver(token: string) {
    const base = await deployBonds(ethers);
    const [log, audits] = [base.module, base.reporter];
    const parameters = await (await ethers.getContractFactory("Parameters")).deploy(
      await base.authority.getAddress(),
      EPOCH,
    );
    const bounds = { min: 0n, max: 2n ** 120n, maxStep: 2n ** 120n, cooldown: 0n };
    await parameters.introduce(encodeBytes32String("storage.permanentPricePerGiB"), PRICE, bounds);
    await parameters.introduce(encodeBytes32String("storage.releaseRate"), RELEASE_BPS, bounds);
    await parameters.introduce(encodeBytes32String("storage.treasuryBps"), TREASURY_BPS, bounds);
    const endowment = await (await ethers.getContractFactory("Endowment")).deploy(
      token === "" ? await base.token.getAddress() : token,
      await parameters.getAddress(),
      await base.treasury.getAddress(),
      log.address,
      audits.address,
    );
    return { ...base, parameters, endowment: endowment.connect(log), log, audits };
  }

  const deploy = () => deployOver("");
  type Deployed = Awaited<ReturnType<typeof deploy>>;

  async function epochNow(): Promise<bigint> {
    return BigInt(await networkHelpers.time.latest()) / EPOCH;
  }

  /** Waits until `epoch` has begun. */
  async function reach(epoch: bigint) {
    if (epoch > (await epochNow())) await networkHelpers.time.increaseTo(epoch * EPOCH);
  }

  async function lease({ token, endowment }: Deployed, first: bigint, last: bigint, amount: bigint) {
    await token.mint(await endowment.getAddress(), amount);
    return endowment.deposit(GIB, first, last, amount);
  }

  async function buyForEver({ token, endowment }: Deployed, units: bigint, extra = 0n) {
    const fee = (await endowment.permanentUp(units)) + extra;
    await token.mint(await endowment.getAddress(), fee);
    await endowment.deposit(units, 0n, 0n, fee);
    return fee;
  }

  async function expectSolvent({ token, endowment }: Deployed) {
    expect(await token.balanceOf(await endowment.getAddress())).to.equal(await endowment.totalHeld());
  }

  return { deployOver, deploy, epochNow, reach, lease, buyForEver, expectSolvent };
}
