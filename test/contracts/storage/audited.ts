import type { SecretKey } from "@chainsafe/blst";
import { encodeBytes32String, id, parseEther, toBeHex, Wallet } from "ethers";
import type { network } from "hardhat";
import { keyOf, secretOf, sign } from "../core/blsSigners.ts";
import { UNBOND_DELAY } from "../core/fixtures.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;

export const EPOCH = 3_600n;
export const WINDOW = 300n;
export const NODE_BOND = 1_000_000n;
export const MISSES_ALLOWED = 2n;
export const SLASH_BPS = 1_000n;
export const REPORTER_BPS = 2_000n;
export const CRANK_BPS = 500n;
export const CRANK_REWARD = 1_000n;
/** Doesn't divide by any number of rows asked for, so that there are rests. */
export const FILING_DEPOSIT = 10_007n;
export const BPS = 10_000n;
/** Members of the tests' committee: so many own all slots, 32 each. */
export const MEMBERS = 8;
const PURSE = 2_000_000n;
const BLOCK_SOURCE = 0;
export const MAX = 2n ** 120n;

const PARAMETERS = {
  "beacon.tip": 0n,
  "storage.nodeBond": NODE_BOND,
  "storage.entryFee": 3n,
  "storage.churn": 10_000n,
  "storage.committeeSize": BigInt(MEMBERS),
  "storage.challengeDeposit": 10n,
  "storage.answerWindow": 600n,
  "storage.leasePricePerGiB": 3_000_000_000_001n,
  "storage.permanentPricePerGiB": 120_000_001n,
  "storage.releaseRate": 1_000n,
  "storage.treasuryBps": 500n,
  "storage.commitWindow": WINDOW,
  "storage.openWindow": WINDOW,
  "storage.missesAllowed": MISSES_ALLOWED,
  "storage.missSlashBps": SLASH_BPS,
  "storage.reporterBps": REPORTER_BPS,
  "storage.crankBps": CRANK_BPS,
  "storage.crankReward": CRANK_REWARD,
  "storage.filingDeposit": FILING_DEPOSIT,
};

/** Storage as a whole over the core: each contract knows the others, and nobody is seated yet. */
export async function deployAudits(ethers: Connection["ethers"]) {
  const [dao, publisher, anyone] = await ethers.getSigners();
  const authority = await (await ethers.getContractFactory("Authority")).deploy(dao!.address);
  const token = await (await ethers.getContractFactory("MyceliaToken")).deploy(dao!.address);
  const treasury = await (await ethers.getContractFactory("Treasury")).deploy(authority);
  const parameters = await (await ethers.getContractFactory("Parameters")).deploy(authority, EPOCH);
  const modules = await (await ethers.getContractFactory("Modules")).deploy(authority);
  const bonds = await (await ethers.getContractFactory("Bonds")).deploy(token, treasury, UNBOND_DELAY);
  const beacon = await (await ethers.getContractFactory("Beacon")).deploy(authority, token);
  await beacon.setSource(BLOCK_SOURCE, await ethers.deployContract("BlockHashSource"));
  const bounds = { min: 0n, max: MAX, maxStep: MAX, cooldown: 0n };
  for (const [name, value] of Object.entries(PARAMETERS))
    await parameters.introduce(encodeBytes32String(name), value, bounds);

  const nonce = await dao!.getNonce();
  const [committeesAt, endowmentAt, logAt, auditsAt, casesAt] = [0, 1, 2, 3, 4].map((ahead) =>
    ethers.getCreateAddress({ from: dao!.address, nonce: nonce + ahead }),
  ) as [string, string, string, string, string];
  const committees = await (await ethers.getContractFactory("Committees")).deploy(
    bonds,
    parameters,
    modules,
    beacon,
    treasury,
    auditsAt,
    BLOCK_SOURCE,
  );
  const endowment = await (await ethers.getContractFactory("Endowment")).deploy(
    token,
    parameters,
    treasury,
    logAt,
    auditsAt,
  );
  const log = await (await ethers.getContractFactory("StorageLog")).deploy(
    token,
    parameters,
    modules,
    committeesAt,
    endowmentAt,
  );
  const audits = await (await ethers.getContractFactory("StorageAudits")).deploy(
    bonds,
    parameters,
    beacon,
    BLOCK_SOURCE,
    committees,
    log,
    endowment,
    casesAt,
  );
  const cases = await (await ethers.getContractFactory("Recoverability")).deploy(
    parameters,
    beacon,
    BLOCK_SOURCE,
    committees,
    log,
    audits,
    treasury,
  );
  await modules.register(encodeBytes32String("Committees"), committees);
  await modules.register(encodeBytes32String("StorageLog"), log);
  await token.mint(publisher!.address, parseEther("1000000"));
  await token.connect(publisher!).approve(log, ethers.MaxUint256);
  return {
    ethers,
    token,
    treasury,
    parameters,
    modules,
    bonds,
    beacon,
    committees,
    endowment,
    log: log.connect(publisher!),
    audits: audits.connect(anyone!),
    cases: cases.connect(anyone!),
    dao: dao!,
    publisher: publisher!,
    anyone: anyone!,
    members: [] as Member[],
  };
}

export type Audited = Awaited<ReturnType<typeof deployAudits>>;

/** A node that serves on committee 0. */
export interface Member {
  readonly operator: Wallet;
  readonly secret: SecretKey;
  readonly seat: number;
}

/** Seats the next node: bonded, its BLS key proven, drawn by the beacon. */
export async function seatMember(world: Audited, signer?: string): Promise<Member> {
  const { ethers, token, bonds, beacon, committees, audits, members } = world;
  const number = members.length + 1;
  const operator = new Wallet(id(`operator ${number}`), ethers.provider);
  const secret = secretOf(number);
  await ethers.provider.send("hardhat_setBalance", [operator.address, toBeHex(parseEther("10"))]);
  await token.mint(operator.address, PURSE);
  await token.connect(operator).approve(bonds, NODE_BOND);
  await token.connect(operator).approve(committees, PURSE);
  await bonds.connect(operator).deposit(operator.address, NODE_BOND);
  await bonds.connect(operator).allocate(audits, NODE_BOND);
  const key = keyOf(secret);
  const possession = sign(secret, await committees.possessionDigest(operator.address, key));
  await committees
    .connect(operator)
    .requestEntry(signer ?? operator.address, key, possession, `http://127.0.0.1:${9_000 + number}`);
  await ethers.provider.send("hardhat_mine", ["0x4"]);
  await beacon.fulfil(await committees.requestOf(operator.address));
  await committees.enter(operator.address);
  const [, seat] = await committees.seatOf(operator.address);
  const member = { operator, secret, seat: Number(seat) };
  members.push(member);
  return member;
}
