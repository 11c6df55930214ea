import { aggregateSignatures, type SecretKey } from "@chainsafe/blst";
import { encodeBytes32String, getBytes, id, keccak256, parseEther, toBeHex, Wallet } from "ethers";
import type { network } from "hardhat";
import { encodeSignature, type G2Point } from "../../../keepers/runtime/bls/points.ts";
import type {
  Beacon,
  Bonds,
  Committees,
  Endowment,
  Modules,
  MyceliaToken,
  Parameters,
  ReadSessions,
  StorageLog,
  Treasury,
} from "../../../typechain-types/index.js";
import { keyOf, secretOf, sign } from "../core/blsSigners.ts";
import { UNBOND_DELAY } from "../core/fixtures.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;

export const EPOCH = 3_600n;
export const MYC = 10n ** 18n;
export const GIB_UNITS = 65_536n;
/** Dear enough to show every rounding. */
export const LEASE_PRICE = 3_000_001n;
export const PERMANENT_PRICE = 120_000_001n;
export const TREASURY_BPS = 500n;
export const READ_PRICE = 7_000n;
export const CLAIM_WINDOW = 7_200n;
const BLOCK_SOURCE = 0;
const MAX = 2n ** 120n;

const PARAMETERS = {
  "beacon.tip": 0n,
  "storage.nodeBond": 100n,
  "storage.entryFee": 3n,
  "storage.churn": 10_000n,
  "storage.committeeSize": 64n,
  "storage.challengeDeposit": 10n,
  "storage.answerWindow": 600n,
  "storage.leasePricePerGiB": LEASE_PRICE,
  "storage.permanentPricePerGiB": PERMANENT_PRICE,
  "storage.releaseRate": 1_000n,
  "storage.treasuryBps": TREASURY_BPS,
  "storage.readPricePerGiB": READ_PRICE,
  "storage.readClaimWindow": CLAIM_WINDOW,
};

type Signer = Awaited<ReturnType<Connection["ethers"]["getSigners"]>>[number];

/** Core and storage on a chain, with who acts there. */
export interface Publishing {
  readonly ethers: Connection["ethers"];
  readonly token: MyceliaToken;
  readonly treasury: Treasury;
  readonly parameters: Parameters;
  readonly modules: Modules;
  readonly bonds: Bonds;
  readonly beacon: Beacon;
  readonly committees: Committees;
  readonly endowment: Endowment;
  readonly log: StorageLog;
  readonly reads: ReadSessions;
  readonly dao: Signer;
  readonly publisher: Signer;
  /** The account that slashes members and says who has proven what. */
  readonly audits: Signer;
  readonly other: Signer;
  /** Seated so far. */
  readonly members: Member[];
}

async function deployCore(ethers: Connection["ethers"], dao: string, hostileToken?: string) {
  const authority = await (await ethers.getContractFactory("Authority")).deploy(dao);
  const token = await (await ethers.getContractFactory("MyceliaToken")).deploy(dao);
  const paidIn = hostileToken ?? (await token.getAddress());
  const treasury = await (await ethers.getContractFactory("Treasury")).deploy(authority);
  const parameters = await (await ethers.getContractFactory("Parameters")).deploy(authority, EPOCH);
  const modules = await (await ethers.getContractFactory("Modules")).deploy(authority);
  const bonds = await (await ethers.getContractFactory("Bonds")).deploy(token, treasury, UNBOND_DELAY);
  const beacon = await (await ethers.getContractFactory("Beacon")).deploy(authority, token);
  await beacon.setSource(BLOCK_SOURCE, await ethers.deployContract("BlockHashSource"));
  const bounds = { min: 0n, max: MAX, maxStep: MAX, cooldown: 0n };
  for (const [name, value] of Object.entries(PARAMETERS)) {
    await parameters.introduce(encodeBytes32String(name), value, bounds);
  }
  return { token, paidIn, treasury, parameters, modules, bonds, beacon };
}

/**
 * Core and storage, and nothing of compute, with nobody seated. The third account stands for the audits: it slashes members
 * and says who has proven what.
 * @param hostileToken in which fees and reads are paid instead of MYC
 */
export async function deployPublishing(
  ethers: Connection["ethers"],
  hostileToken?: string,
): Promise<Publishing> {
  const [dao, publisher, audits, other] = await ethers.getSigners();
  const core = await deployCore(ethers, dao!.address, hostileToken);
  const { token, paidIn, treasury, parameters, modules, bonds, beacon } = core;
  const committees = await (await ethers.getContractFactory("Committees")).deploy(
    bonds,
    parameters,
    modules,
    beacon,
    treasury,
    audits!.address,
    BLOCK_SOURCE,
  );
  const nonce = await dao!.getNonce();
  const logAt = ethers.getCreateAddress({ from: dao!.address, nonce: nonce + 1 });
  const endowment = await (await ethers.getContractFactory("Endowment")).deploy(
    paidIn,
    parameters,
    treasury,
    logAt,
    audits!.address,
  );
  const log = await (await ethers.getContractFactory("StorageLog")).deploy(
    paidIn,
    parameters,
    modules,
    committees,
    endowment,
  );
  const reads = await (await ethers.getContractFactory("ReadSessions")).deploy(
    paidIn,
    parameters,
    modules,
    committees,
  );
  for (const [name, module] of Object.entries({
    Committees: committees,
    StorageLog: log,
    ReadSessions: reads,
  })) {
    await modules.register(encodeBytes32String(name), module);
  }
  await token.mint(publisher!.address, 1_000_000n * MYC);
  await token.connect(publisher!).approve(log, MAX);
  await token.connect(publisher!).approve(reads, MAX);
  return {
    ...core,
    ethers,
    committees,
    endowment,
    log: log.connect(publisher!),
    reads: reads.connect(publisher!),
    dao: dao!,
    publisher: publisher!,
    audits: audits!,
    other: other!,
    members: [],
  };
}

/** A node that serves on committee 0. */
export interface Member {
  readonly operator: Wallet;
  readonly secret: SecretKey;
  readonly seat: number;
}

type Seating = Pick<
  Publishing,
  "ethers" | "token" | "parameters" | "bonds" | "beacon" | "committees" | "publisher" | "members"
>;

/** Seats the next node: bonded, its BLS key proven, drawn by the beacon. The publisher pays. */
export async function seatMember(world: Seating): Promise<Member> {
  const { ethers, token, parameters, bonds, beacon, committees, publisher, members } = world;
  const number = members.length + 1;
  const operator = new Wallet(id(`operator ${number}`), ethers.provider);
  const secret = secretOf(number);
  await ethers.provider.send("hardhat_setBalance", [operator.address, toBeHex(parseEther("10"))]);
  const [bond, fee, tip] = await Promise.all(
    ["storage.nodeBond", "storage.entryFee", "beacon.tip"].map((name) =>
      parameters.get(encodeBytes32String(name)),
    ),
  );
  await token.connect(publisher).transfer(operator.address, bond! + fee! + tip!);
  await token.connect(operator).approve(bonds, bond!);
  await token.connect(operator).approve(committees, fee! + tip!);
  await bonds.connect(operator).deposit(operator.address, bond!);
  await bonds.connect(operator).allocate(await committees.slasher(), bond!);
  const key = keyOf(secret);
  const possession = sign(secret, await committees.possessionDigest(operator.address, key));
  const url = `http://127.0.0.1:${9_000 + number}`;
  await committees.connect(operator).requestEntry(operator.address, key, possession, url);
  // Past the draw's block, and an epoch on: each has its own moves.
  await ethers.provider.send("hardhat_mine", ["0x4", toBeHex(EPOCH)]);
  await beacon.fulfil(await committees.requestOf(operator.address));
  await committees.enter(operator.address);
  const [, seat] = await committees.seatOf(operator.address);
  const member = { operator, secret, seat: Number(seat) };
  members.push(member);
  return member;
}

export async function deployWithMembers(ethers: Connection["ethers"], count: number): Promise<Publishing> {
  const world = await deployPublishing(ethers);
  for (let i = 0; i < count; i++) await seatMember(world);
  return world;
}

export interface Order {
  root: string;
  committee: bigint;
  segments: number;
  units: bigint;
  months: number;
}

let orders = 0;

/** A batch like no other: one GiB of coded bytes in 64 segments for a month. */
export function orderOf(change: Partial<Order> = {}): Order {
  const root = keccak256(toBeHex(++orders));
  return { root, committee: 0n, segments: 64, units: GIB_UNITS, months: 1, ...change };
}

export interface Certificate {
  version: bigint;
  missing: bigint;
  signature: G2Point;
}

/** What all members but some have signed together. */
export async function certificateOf(
  { committees, log, members }: Pick<Publishing, "committees" | "log" | "members">,
  order: Pick<Order, "root" | "committee" | "segments" | "units">,
  absent: readonly Member[] = [],
): Promise<Certificate> {
  const version = await committees.versionOf(order.committee);
  const digest = await log.receiptDigest(order.committee, version, order.root, order.segments, order.units);
  const signers = members.filter((member) => !absent.includes(member));
  return { version, missing: seatsOf(absent), signature: signAll(signers, digest) };
}

export function signAll(signers: readonly Member[], digest: string): G2Point {
  return encodeSignature(aggregateSignatures(signers.map(({ secret }) => secret.sign(getBytes(digest)))));
}

export const seatsOf = (members: readonly Member[]) =>
  members.reduce((seats, { seat }) => seats | (1n << BigInt(seat)), 0n);

/** Slots of a committee by seat. */
export async function slotsOf(
  { committees }: Pick<Publishing, "committees">,
  seats: bigint,
): Promise<bigint> {
  const words = await committees.owners(0n);
  let slots = 0n;
  for (let slot = 0; slot < 256; slot++) {
    const seat = (words[slot >> 5]! >> BigInt(8 * (slot & 31))) & 0xffn;
    if ((seats >> seat) & 1n) slots |= 1n << BigInt(slot);
  }
  return slots;
}

export const sizeOf = (set: bigint) => set.toString(2).replaceAll("0", "").length;
