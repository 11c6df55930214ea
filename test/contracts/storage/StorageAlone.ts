import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { deployPlan } from "../../../scripts/deploy/deploy.ts";
import { devnetSettings } from "../../../scripts/deploy/devnet.ts";
import { devnetParameters } from "../../../scripts/deploy/parameters.ts";
import { blockSource, myceliaPlan } from "../../../scripts/deploy/plan.ts";
import { certificateOf, EPOCH, type Member, orderOf, seatMember } from "./publishing.ts";
import { BUDGET, claim, open } from "./reading.ts";

const { ethers, networkHelpers } = await network.create();

const COMPUTE = ["Models", "Ledger", "Services", "Sessions", "Audits"];
const MODULES = ["Committees", "StorageLog", "ReadSessions"];
const FULL = 3n;

/** The network's own plan without its compute contracts; none of the others may ask for one. */
async function deployAlone() {
  const [deployer, , , other] = await ethers.getSigners();
  const plan = myceliaPlan(devnetSettings, deployer!.address).filter(({ name }) => !COMPUTE.includes(name));
  const { contracts } = await deployPlan(deployer!, plan, () => {});
  const at = (name: string) => contracts[name]!.address;
  const parameters = await ethers.getContractAt("Parameters", at("Parameters"));
  for (const { name, value, min, max, maxStep, cooldown } of devnetParameters) {
    if (!name.startsWith("storage.") && name !== "beacon.tip") continue;
    await parameters.introduce(encodeBytes32String(name), value, { min, max, maxStep, cooldown });
  }
  const modules = await ethers.getContractAt("Modules", at("Modules"));
  for (const name of MODULES) await modules.register(encodeBytes32String(name), at(name));
  const beacon = await ethers.getContractAt("Beacon", at("Beacon"));
  await beacon.setSource(blockSource, at("BlockHashSource"));
  return {
    ethers,
    parameters,
    beacon,
    token: await ethers.getContractAt("MyceliaToken", at("MyceliaToken")),
    bonds: await ethers.getContractAt("Bonds", at("Bonds")),
    committees: await ethers.getContractAt("Committees", at("Committees")),
    endowment: await ethers.getContractAt("Endowment", at("Endowment")),
    log: await ethers.getContractAt("StorageLog", at("StorageLog")),
    audits: await ethers.getContractAt("StorageAudits", at("StorageAudits")),
    reads: await ethers.getContractAt("ReadSessions", at("ReadSessions")),
    publisher: deployer!,
    other: other!,
    members: [] as Member[],
  };
}

describe("Storage without compute", () => {
  it("seats members, publishes with their certificate, pays reads, and audits", async () => {
    const world = await deployAlone();
    const { token, committees, audits, endowment, log, reads, members } = world;
    for (let i = 0; i < 8; i++) await seatMember(world);
    expect(await committees.memberCount(0)).to.equal(8n);

    const order = orderOf();
    const fee = await log.feeUp(order.units, order.months);
    await token.approve(log, fee);
    await log.appendCertified(order, await certificateOf(world, order), fee);
    expect(await log.stateOf(0)).to.equal(FULL);
    expect(await endowment.totalHeld()).to.equal(fee - fee / 20n);

    await token.approve(reads, BUDGET);
    const session = await open(world);
    const [member] = members;
    const before = await token.balanceOf(member!.operator.address);
    await claim(world, session, member!, 1_000n);
    expect((await token.balanceOf(member!.operator.address)) - before).to.equal(1_000n);

    // The lease runs from the next epoch on.
    await networkHelpers.time.increase(EPOCH);
    const epoch = BigInt(await networkHelpers.time.latest()) / EPOCH;
    await audits.open(epoch);
    const epochs = 30n * 24n;
    expect(await endowment.budgetOf(epoch)).to.be.at.least((fee - fee / 20n) / epochs);
  });
});
