import { type BigNumberish, encodeBytes32String, type Signer } from "ethers";
import type { network } from "hardhat";
import { encodeKey, encodeSignature } from "../../../keepers/runtime/bls/points.ts";
import { secretOf } from "../core/blsSigners.ts";
import { deployBonds } from "../core/fixtures.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;

export const EPOCH = 86_400n;
export const NODE_BOND = 100n;
export const ENTRY_FEE = 10n;
export const TIP = 2n;
export const CHURN_BPS = 2_500n;
export const DEPOSIT = 7n;
export const ANSWER_WINDOW = 600n;
export const URL_A = "http://127.0.0.1:9000";
/** What a member needs once: bond, fee and tip. */
const PURSE = 10_000n;

const MAX = 2n ** 120n;

/** Committees over real bonds, beacon, parameters and modules. Bonds are allocated to the account `module`. */
export async function deployCommittees(ethers: Connection["ethers"], committeeSize = 8n) {
  const base = await deployBonds(ethers);
  const authority = await base.authority.getAddress();
  const parameters = await (await ethers.getContractFactory("Parameters")).deploy(authority, EPOCH);
  const values: Record<string, bigint> = {
    "storage.nodeBond": NODE_BOND,
    "storage.entryFee": ENTRY_FEE,
    "storage.churn": CHURN_BPS,
    "storage.committeeSize": committeeSize,
    "storage.challengeDeposit": DEPOSIT,
    "storage.answerWindow": ANSWER_WINDOW,
    "beacon.tip": TIP,
  };
  for (const [name, value] of Object.entries(values)) {
    const bounds = { min: 0n, max: MAX, maxStep: MAX, cooldown: 0n };
    await parameters.introduce(encodeBytes32String(name), value, bounds);
  }
  const modules = await (await ethers.getContractFactory("Modules")).deploy(authority);
  const beacon = await (await ethers.getContractFactory("Beacon")).deploy(
    authority,
    await base.token.getAddress(),
  );
  const source = await (await ethers.getContractFactory("BlockHashSource")).deploy();
  await beacon.setSource(0, await source.getAddress());
  const committees = await (await ethers.getContractFactory("Committees")).deploy(
    await base.bonds.getAddress(),
    await parameters.getAddress(),
    await modules.getAddress(),
    await beacon.getAddress(),
    await base.treasury.getAddress(),
    base.module.address,
    0,
  );
  await modules.register(encodeBytes32String("Committees"), await committees.getAddress());
  return { ...base, parameters, modules, beacon, committees };
}

export type CommitteesFixture = Awaited<ReturnType<typeof deployCommittees>>;

/** Gives an operator money and an allowance for whatever entering costs, and bonds `bond` wei of it. */
export async function bondUp(
  { token, bonds, committees, module }: CommitteesFixture,
  operator: Signer,
  bond = NODE_BOND,
) {
  const address = await operator.getAddress();
  await token.mint(address, PURSE);
  await token.connect(operator).approve(await bonds.getAddress(), PURSE);
  await token.connect(operator).approve(await committees.getAddress(), PURSE);
  await bonds.connect(operator).deposit(address, bond);
  await bonds.connect(operator).allocate(module.address, bond);
}

/** The BLS key of an account, and the proof that `operator` holds it. */
export async function possessionOf({ committees }: CommitteesFixture, operator: string, number: number) {
  const secret = secretOf(number);
  const key = encodeKey(secret.toPublicKey());
  const digest = await committees.possessionDigest(operator, key);
  return { key, possession: encodeSignature(secret.sign(Buffer.from(digest.slice(2), "hex"))) };
}

/** Asks for a place under BLS key `number`. */
export async function request(fixture: CommitteesFixture, operator: Signer, number: number, signer?: string) {
  const address = await operator.getAddress();
  const { key, possession } = await possessionOf(fixture, address, number);
  return fixture.committees.connect(operator).requestEntry(signer ?? address, key, possession, URL_A);
}

/** Mines what a draw waits for, and has it fulfilled. */
export async function fulfil(
  { beacon, committees }: CommitteesFixture,
  networkHelpers: Connection["networkHelpers"],
  operator: Signer,
) {
  await networkHelpers.mine(2);
  await beacon.fulfil(await committees.requestOf(await operator.getAddress()));
}

/** Bonds, asks and enters. @returns the transaction of the entry */
export async function enterAs(
  fixture: CommitteesFixture,
  networkHelpers: Connection["networkHelpers"],
  operator: Signer,
  number: number,
) {
  await bondUp(fixture, operator);
  await request(fixture, operator, number);
  await fulfil(fixture, networkHelpers, operator);
  return fixture.committees.enter(await operator.getAddress());
}

/** Owner of each slot, read as the interface says. */
export function ownersIn(words: readonly BigNumberish[]): number[] {
  return Array.from({ length: 256 }, (_, s) =>
    Number((BigInt(words[s >> 5]!) >> BigInt(8 * (s & 31))) & 0xffn),
  );
}

export const countOf = (owners: number[], seat: number) => owners.filter((owner) => owner === seat).length;

/** Goes to the beginning of the next epoch. */
export async function nextEpoch(networkHelpers: Connection["networkHelpers"]): Promise<bigint> {
  const epoch = BigInt(await networkHelpers.time.latest()) / EPOCH + 1n;
  await networkHelpers.time.increaseTo(epoch * EPOCH);
  return epoch;
}
