import { encodeBytes32String, type HDNodeWallet, parseEther, Wallet } from "ethers";
import { network } from "hardhat";

export const { ethers, networkHelpers } = await network.create();

export type Signer = Awaited<ReturnType<typeof ethers.getSigners>>[number];
export type Market = Awaited<ReturnType<typeof deployMarket>>;

export const MYC = parseEther("1");
export const DAY = 86_400n;
/** Longer than 16 of the longest windows used here. */
export const UNBOND_DELAY = 21n * DAY;
/** Where the provider sells: about 1,300,000 gwei a unit. */
export const TICK = 3500;

export const BLOCK = 0;
export const Tier = { Exact: 0, Tolerance: 1, Text: 2 } as const;
export const Stage = {
  None: 0n,
  Drawing: 1n,
  Opening: 2n,
  Committing: 3n,
  Unsealing: 4n,
  Revealing: 5n,
  Concluded: 6n,
} as const;
export const Verdict = { None: 0n, Honest: 1n, Guilty: 2n, Inconclusive: 3n, Expired: 4n } as const;
export const SessionState = { None: 0n, Open: 1n, Closing: 2n, Closed: 3n } as const;
export const ClaimState = { None: 0n, Auditing: 1n, Free: 2n, Settled: 3n, Void: 4n } as const;

/** Values in force, by name; every one may be moved anywhere by a test. */
export const PARAMETERS = {
  "services.bondRatio": 20_000n,
  "services.minBond": 100n * MYC,
  "sessions.minDuration": 60n,
  "sessions.maxDuration": 30n * DAY,
  "sessions.claimWindow": 600n,
  "sessions.disputeWindow": 1_800n,
  "sessions.feeBps": 100n,
  "audits.sampleBps": 1_000n,
  "audits.maxSample": 8n,
  "audits.reward": MYC / 1_000n,
  "audits.verifierBond": 50n * MYC,
  "audits.absencePenalty": MYC,
  "audits.slashBps": 5_000n,
  "audits.reporterBps": 2_000n,
  "audits.openWindow": 300n,
  "audits.commitWindow": 300n,
  "audits.unsealWindow": 300n,
  "audits.revealWindow": 300n,
  "beacon.tip": MYC / 10_000n,
} as const;

export type ParameterName = keyof typeof PARAMETERS;

export const MODEL = {
  storageRoot: ethers.id("storage"),
  contentHash: ethers.id("content"),
  format: encodeBytes32String("onnx"),
  engine: encodeBytes32String("onnxruntime-web@1.30.0"),
  tiers: 0b111,
};

async function deployCore(deployer: Signer) {
  const authority = await (await ethers.getContractFactory("Authority")).deploy(deployer.address);
  const token = await (await ethers.getContractFactory("MyceliaToken")).deploy(deployer.address);
  const treasury = await (await ethers.getContractFactory("Treasury")).deploy(authority);
  const parameters = await (await ethers.getContractFactory("Parameters")).deploy(authority, 3_600n);
  const modules = await (await ethers.getContractFactory("Modules")).deploy(authority);
  const bonds = await (await ethers.getContractFactory("Bonds")).deploy(token, treasury, UNBOND_DELAY);
  const source = await (await ethers.getContractFactory("BlockHashSource")).deploy();
  const beacon = await (await ethers.getContractFactory("Beacon")).deploy(authority, token);
  await beacon.setSource(BLOCK, source);
  for (const [name, value] of Object.entries(PARAMETERS)) {
    const bounds = { min: 0n, max: 2n ** 127n, maxStep: 2n ** 127n, cooldown: 0 };
    await parameters.introduce(encodeBytes32String(name), value, bounds);
  }
  return { authority, token, treasury, parameters, modules, bonds, beacon };
}

async function deployCompute(deployer: Signer, core: Awaited<ReturnType<typeof deployCore>>) {
  const { token, bonds, parameters, modules, beacon, treasury } = core;
  const models = await (await ethers.getContractFactory("Models")).deploy();
  const ledger = await (await ethers.getContractFactory("Ledger")).deploy(token);
  const nonce = await deployer.getNonce();
  const [, sessionsAt, auditsAt] = [0, 1, 2].map((i) =>
    ethers.getCreateAddress({ from: deployer.address, nonce: nonce + i }),
  );
  const services = await (await ethers.getContractFactory("Services")).deploy(
    bonds,
    parameters,
    modules,
    models,
    sessionsAt!,
    auditsAt!,
  );
  const wiring = { ledger, services, audits: auditsAt!, beacon, modules, parameters, treasury };
  const sessions = await (await ethers.getContractFactory("Sessions")).deploy(wiring);
  const audits = await (await ethers.getContractFactory("Audits")).deploy(
    bonds,
    parameters,
    sessions,
    services,
    beacon,
  );
  for (const [name, module] of Object.entries({ Services: services, Sessions: sessions, Audits: audits })) {
    await modules.register(encodeBytes32String(name), module);
  }
  return { models, ledger, services, sessions, audits };
}

/** Core and compute contracts as deployed, with nobody in them yet but funded accounts. */
export async function deployEmptyMarket() {
  const [deployer, user, provider, rival, stranger, ...crowd] = await ethers.getSigners();
  const core = await deployCore(deployer!);
  const compute = await deployCompute(deployer!, core);
  const everyone = [user!, provider!, rival!, stranger!, ...crowd];
  for (const account of everyone) {
    await core.token.mint(account.address, 10_000n * MYC);
    await core.token.connect(account).approve(core.bonds, 2n ** 255n);
    await core.token.connect(account).approve(compute.ledger, 2n ** 255n);
  }
  return {
    ...core,
    ...compute,
    deployer: deployer!,
    user: user!,
    provider: provider!,
    rival: rival!,
    stranger: stranger!,
    crowd,
  };
}

/** Moves a parameter and waits until it is in force. */
export async function setParameter(
  market: Pick<Market, "parameters">,
  name: ParameterName,
  value: bigint,
): Promise<void> {
  await market.parameters.set(encodeBytes32String(name), value);
  await networkHelpers.time.increase(3_600);
}

/** Bonds `amount` for an account and puts it at stake in a module. */
export async function bond(
  market: Pick<Market, "bonds">,
  account: Signer,
  module: { getAddress(): Promise<string> },
  amount: bigint,
): Promise<void> {
  await market.bonds.connect(account).deposit(account.address, amount);
  await market.bonds.connect(account).allocate(await module.getAddress(), amount);
}

/** A market with a model, a bonded provider that sells it, five verifiers and a user with 1,000 MYC prepaid. */
export async function deployMarket() {
  const market = await deployEmptyMarket();
  const { models, services, audits, ledger, sessions, provider, user, crowd } = market;
  await models.publish(MODEL);
  const modelId = await models.idOf(MODEL);
  await bond(market, provider, services, 2_000n * MYC);
  const receiptSigner = Wallet.createRandom(ethers.provider);
  await services.connect(provider).register({
    modelId,
    tier: Tier.Exact,
    tick: TICK,
    signer: receiptSigner.address,
    endpoint: "http://127.0.0.1:4000",
  });
  const verifiers = crowd.slice(0, 5);
  for (const verifier of verifiers) {
    await bond(market, verifier, audits, 50n * MYC);
    await audits.connect(verifier).enlist(verifier.address);
  }
  await ledger.connect(user).deposit(user.address, 1_000n * MYC);
  await ledger.connect(user).authorise(await sessions.getAddress(), true);
  const unitPrice = await services.priceAt(TICK);
  return {
    ...market,
    modelId,
    verifiers,
    receiptSigner: receiptSigner as HDNodeWallet,
    unitPrice,
    serviceId: 1n,
  };
}
