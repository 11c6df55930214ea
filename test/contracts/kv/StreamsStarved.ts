import { expect } from "chai";
import { Wallet } from "ethers";
import { network } from "hardhat";
import { announcementOf, deployStreams, ERC1271_GAS, eventsOf, type Signed, sign } from "./announcing.ts";

const { ethers, networkHelpers } = await network.create();
/** What the account itself needs before and after it looks at the gas that it was given. */
const OWN_GAS = 500n;
/** Below it a relay's transaction can't begin; above the highest every one of these is done. */
const [LOWEST, HIGHEST, STEP] = [30_000n, 400_000n, 997n];

/** A contract that says yes when it was given all that it may be, and a key that delegates to it (EIP-7702). */
async function deploy() {
  const world = await deployStreams(ethers);
  const thrifty = await ethers.deployContract("ThriftyAccount", [ERC1271_GAS - OWN_GAS]);
  const key = new Wallet(Wallet.createRandom().privateKey, ethers.provider);
  const authorization = await key.authorize({ address: await thrifty.getAddress(), nonce: 0 });
  await world.other.sendTransaction({ type: 4, to: world.other.address, authorizationList: [authorization] });
  return { ...world, thrifty: await thrifty.getAddress(), key };
}

/** Everything that a relay's transaction comes to, over all that it may be given. */
async function outcomes(
  streams: Awaited<ReturnType<typeof deploy>>["streams"],
  brought: Signed[],
): Promise<Set<string | undefined>> {
  const seen = new Set<string | undefined>();
  for (let gasLimit = LOWEST; gasLimit <= HIGHEST; gasLimit += STEP) {
    const snapshot = await networkHelpers.takeSnapshot();
    const events = await eventsOf(streams, streams.relay(brought, { gasLimit })).catch(() => undefined);
    seen.add(events?.map(([name]) => name).join());
    await snapshot.restore();
  }
  return seen;
}

describe("Streams refuses nothing for want of gas: it does all or nothing (KV-10)", () => {
  it("of a contract that asks for all that it may have", async () => {
    const { streams, thrifty } = await networkHelpers.loadFixture(deploy);
    const asked = { ...announcementOf(thrifty), signature: "0x" };
    expect(await outcomes(streams, [asked])).to.deep.equal(new Set([undefined, "BatchAnnounced"]));
  });

  it("of a key that delegates to such a contract, with more to do behind it", async () => {
    const { streams, thrifty, key } = await networkHelpers.loadFixture(deploy);
    const brought = [key.address, thrifty].map((one) => ({ ...announcementOf(one), signature: "0x" }));
    expect(await outcomes(streams, brought)).to.deep.equal(
      new Set([undefined, "BatchAnnounced,BatchAnnounced"]),
    );
  });

  it("of a key", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const signed = await sign(world, world.writer, announcementOf(world.writer.address));
    expect(await outcomes(world.streams, [signed])).to.deep.equal(new Set([undefined, "BatchAnnounced"]));
  });

  it("and asks no gas for a question to a contract that there isn't", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const forged = await sign(world, world.other, announcementOf(world.writer.address));
    const relayed = world.streams.relay([forged], { gasLimit: 60_000n });
    expect((await eventsOf(world.streams, relayed)).map(([name]) => name)).to.deep.equal(["BatchRefused"]);
  });

  it("and says so", async () => {
    const { streams, thrifty } = await networkHelpers.loadFixture(deploy);
    const asked = { ...announcementOf(thrifty), signature: "0x" };
    await expect(streams.relay.staticCall([asked], { gasLimit: 130_000n })).to.be.revertedWithCustomError(
      streams,
      "Streams_OutOfGas",
    );
  });
});

describe("Streams takes the signature of a key that delegates", () => {
  it("whatever its code says (KV-11)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { streams, key, other } = world;
    expect(await ethers.provider.getCode(key.address)).to.match(/^0xef0100/);
    // In the key's storage that wallet has no answer but no.
    const wallet = await (await ethers.getContractFactory("ContractWallet")).deploy(other.address);
    const authorization = await key.authorize({ address: await wallet.getAddress(), nonce: 1 });
    await other.sendTransaction({ type: 4, to: other.address, authorizationList: [authorization] });
    const asked = announcementOf(key.address);
    const brought = [await sign(world, key, asked), await sign(world, other, { ...asked, nonce: 1n })];
    const names = (await eventsOf(streams, streams.relay(brought))).map(([name]) => name);
    expect(names).to.deep.equal(["BatchAnnounced", "BatchRefused"]);
  });
});
