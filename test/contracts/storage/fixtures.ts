import { encodeBytes32String } from "ethers";
import type { network } from "hardhat";
import { deployBonds } from "../core/fixtures.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;

/** One wei for each of 2^30 bytes shows every rounding; tests that count use a dearer one. */
export const PRICE_PER_GIB = 3_000_000n;

const DAY = 86_400n;
const MAX = 2n ** 120n;

/** The log over real parameters, modules and treasury, taking new business. */
export async function deployStorage(ethers: Connection["ethers"]) {
  const base = await deployBonds(ethers);
  const authority = await base.authority.getAddress();
  const parameters = await (await ethers.getContractFactory("Parameters")).deploy(authority, DAY);
  const bounds = { min: 0n, max: MAX, maxStep: MAX, cooldown: 0n };
  await parameters.introduce(encodeBytes32String("storage.pricePerGiB"), PRICE_PER_GIB, bounds);
  const modules = await (await ethers.getContractFactory("Modules")).deploy(authority);
  const log = await (await ethers.getContractFactory("StorageLogV1")).deploy(
    await base.token.getAddress(),
    await parameters.getAddress(),
    await base.treasury.getAddress(),
    await modules.getAddress(),
  );
  await modules.register(encodeBytes32String("StorageLog"), await log.getAddress());
  return { ...base, parameters, modules, log };
}
