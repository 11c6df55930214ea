import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Beacon");

const BLOCK = 0n;
const DRAND = 1n;
const State = { None: 0n, Waiting: 1n, Ready: 2n, Fulfilled: 3n, Expired: 4n } as const;

/** Reads as a transaction in the next block would. */
const NEXT = { blockTag: "pending" };

async function deploy() {
  const [dao, consumer, keeper, other] = await ethers.getSigners();
  const authority = await (await ethers.getContractFactory("Authority")).deploy(dao!.address);
  const token = await (await ethers.getContractFactory("MyceliaToken")).deploy(dao!.address);
  const beacon = await (await ethers.getContractFactory("Beacon")).deploy(
    await authority.getAddress(),
    await token.getAddress(),
  );
  const source = await (await ethers.getContractFactory("BlockHashSource")).deploy();
  await beacon.setSource(BLOCK, await source.getAddress());
  await token.mint(consumer!.address, 1_000n);
  await token.connect(consumer!).approve(await beacon.getAddress(), ethers.MaxUint256);
  return { token, beacon, source, authority, consumer: consumer!, keeper: keeper!, other: other! };
}

/** Draw 1, with a tip of 30, whose target is not mined yet. */
async function deployRequested() {
  const all = await deploy();
  await all.beacon.connect(all.consumer).request(BLOCK, 30n);
  return { ...all, target: (await all.beacon.targetOf(1n)).target };
}

async function seedOf(beacon: { getAddress(): Promise<string> }, id: bigint, block: bigint) {
  const { chainId } = await ethers.provider.getNetwork();
  const { hash } = (await ethers.provider.getBlock(block))!;
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "uint64", "bytes32"],
      [chainId, await beacon.getAddress(), id, hash],
    ),
  );
}

describe("Beacon", () => {
  describe("sources", () => {
    it("are set once, by the DAO, and never replaced (BEACON-1)", async () => {
      const { beacon, source, other } = await networkHelpers.loadFixture(deploy);
      const address = await source.getAddress();
      expect(await beacon.sourceOf(BLOCK)).to.equal(address);
      await expect(beacon.setSource(BLOCK, other.address))
        .to.be.revertedWithCustomError(beacon, "Beacon_SourceAlreadySet")
        .withArgs(BLOCK);
      await expect(beacon.connect(other).setSource(DRAND, address)).to.be.revertedWithCustomError(
        beacon,
        "AccessManagedUnauthorized",
      );
      await expect(beacon.setSource(DRAND, ethers.ZeroAddress)).to.be.revertedWithCustomError(
        beacon,
        "Beacon_ZeroAddress",
      );
      await expect(beacon.request(DRAND, 0n))
        .to.be.revertedWithCustomError(beacon, "Beacon_UnknownSource")
        .withArgs(DRAND);
    });
  });

  describe("a draw", () => {
    it("binds to the block after its request (BEACON-2)", async () => {
      const { beacon, consumer } = await networkHelpers.loadFixture(deploy);
      const receipt = await gas.record("request", beacon.connect(consumer).request(BLOCK, 30n));
      expect(await beacon.targetOf(1n)).to.deep.equal([BLOCK, BigInt(receipt.blockNumber) + 1n]);
      expect(await beacon.requestOf(1n)).to.deep.equal([consumer.address, 30n]);
      expect(await beacon.totalHeld()).to.equal(30n);
    });

    it("waits until its target has a hash, then anyone fulfils it for the tip", async () => {
      const { token, beacon, keeper, target } = await networkHelpers.loadFixture(deployRequested);
      expect(await beacon.stateOf(1n)).to.deep.equal([State.Waiting, ethers.ZeroHash]);
      await expect(beacon.connect(keeper).fulfil(1n))
        .to.be.revertedWithCustomError(beacon, "Beacon_NotReady")
        .withArgs(1n, State.Waiting);
      await networkHelpers.mine();
      expect((await beacon.stateOf(1n, NEXT)).state).to.equal(State.Ready);
      const seed = await seedOf(beacon, 1n, target);
      const sent = beacon.connect(keeper).fulfil(1n);
      await expect(sent).to.emit(beacon, "DrawFulfilled").withArgs(1n, seed, keeper.address);
      await gas.record("fulfil", sent);
      expect(await beacon.stateOf(1n)).to.deep.equal([State.Fulfilled, seed]);
      expect(await beacon.owed(keeper.address)).to.equal(30n);
      await gas.record("collect", beacon.connect(keeper).collect(keeper.address));
      expect(await token.balanceOf(keeper.address)).to.equal(30n);
      expect(await beacon.totalHeld()).to.equal(0n);
      await beacon.connect(keeper).collect(keeper.address);
      expect(await token.balanceOf(keeper.address)).to.equal(30n);
    });

    it("gives the same seed however late, and pays once (BEACON-3)", async () => {
      const { beacon, keeper, consumer, other, target } = await networkHelpers.loadFixture(deployRequested);
      await networkHelpers.mine(254);
      const seed = await seedOf(beacon, 1n, target);
      await beacon.connect(keeper).fulfil(1n);
      await beacon.connect(consumer).fulfil(1n);
      expect((await beacon.stateOf(1n)).seed).to.equal(seed);
      await networkHelpers.mine(600);
      await beacon.connect(other).fulfil(1n);
      expect(await beacon.stateOf(1n)).to.deep.equal([State.Fulfilled, seed]);
      expect(await beacon.owed(keeper.address)).to.equal(30n);
      expect(await beacon.owed(other.address)).to.equal(0n);
      await expect(beacon.expire(1n))
        .to.be.revertedWithCustomError(beacon, "Beacon_NotReady")
        .withArgs(1n, State.Fulfilled);
    });

    it("is not drawn again by a consumer that asks again (BEACON-4)", async () => {
      const { beacon, consumer, target } = await networkHelpers.loadFixture(deployRequested);
      await networkHelpers.mine();
      const seed = await seedOf(beacon, 1n, target);
      await beacon.connect(consumer).fulfil(1n);
      for (let again = 0; again < 5; again += 1) await beacon.connect(consumer).request(BLOCK, 0n);
      await networkHelpers.mine();
      for (let id = 2n; id <= 6n; id += 1n) {
        await beacon.fulfil(id);
        expect((await beacon.stateOf(id)).seed).to.not.equal(seed);
      }
      expect((await beacon.stateOf(1n)).seed).to.equal(seed);
      await expect(beacon.connect(consumer).expire(1n)).to.be.revertedWithCustomError(
        beacon,
        "Beacon_NotReady",
      );
    });

    it("of two in one block share a target and not a seed", async () => {
      const { beacon, consumer } = await networkHelpers.loadFixture(deploy);
      await ethers.provider.send("evm_setAutomine", [false]);
      const asks = [
        await beacon.connect(consumer).request(BLOCK, 0n, { gasLimit: 300_000n }),
        await beacon.connect(consumer).request(BLOCK, 0n, { gasLimit: 300_000n }),
      ];
      await networkHelpers.mine(2);
      await ethers.provider.send("evm_setAutomine", [true]);
      await Promise.all(asks.map((ask) => ask.wait()));
      expect(await beacon.targetOf(1n)).to.deep.equal(await beacon.targetOf(2n));
      await beacon.fulfil(1n);
      await beacon.fulfil(2n);
      expect((await beacon.stateOf(1n)).seed).to.not.equal((await beacon.stateOf(2n)).seed);
    });

    it("unknown is unknown", async () => {
      const { beacon } = await networkHelpers.loadFixture(deployRequested);
      for (const id of [0n, 2n]) {
        expect(await beacon.stateOf(id)).to.deep.equal([State.None, ethers.ZeroHash]);
        for (const call of [
          () => beacon.fulfil(id),
          () => beacon.expire(id),
          () => beacon.targetOf(id),
          () => beacon.requestOf(id),
        ]) {
          await expect(call()).to.be.revertedWithCustomError(beacon, "Beacon_UnknownDraw").withArgs(id);
        }
      }
    });
  });

  describe("expiry", () => {
    it("comes after 256 blocks where the chain keeps no longer history (BEACON-5)", async () => {
      const { token, beacon, consumer, other, target } = await networkHelpers.loadFixture(deployRequested);
      await networkHelpers.mineUpTo(target + 255n);
      expect((await beacon.stateOf(1n, NEXT)).state).to.equal(State.Ready);
      await expect(beacon.expire(1n))
        .to.be.revertedWithCustomError(beacon, "Beacon_NotReady")
        .withArgs(1n, State.Ready);
      await networkHelpers.mine();
      expect((await beacon.stateOf(1n, NEXT)).state).to.equal(State.Expired);
      await expect(beacon.fulfil(1n))
        .to.be.revertedWithCustomError(beacon, "Beacon_NotReady")
        .withArgs(1n, State.Expired);
      const sent = beacon.connect(other).expire(1n);
      await expect(sent).to.emit(beacon, "DrawExpired").withArgs(1n);
      await gas.record("expire", sent);
      await expect(beacon.connect(other).expire(1n)).to.not.emit(beacon, "DrawExpired");
      expect(await beacon.stateOf(1n)).to.deep.equal([State.Expired, ethers.ZeroHash]);
      expect(await beacon.owed(consumer.address)).to.equal(30n);
      await beacon.connect(consumer).collect(consumer.address);
      expect(await token.balanceOf(consumer.address)).to.equal(1_000n);
    });

    it("is not to be had before the target, nor by a caller short of gas (BEACON-6)", async () => {
      const { beacon, source, target } = await networkHelpers.loadFixture(deployRequested);
      await expect(beacon.expire(1n))
        .to.be.revertedWithCustomError(beacon, "Beacon_NotReady")
        .withArgs(1n, State.Waiting);
      await networkHelpers.mineUpTo(target + 300n);
      await expect(source.entropyAt(target, { gasLimit: 150_000n })).to.be.revertedWithCustomError(
        source,
        "BlockHashSource_TooLittleGas",
      );
      expect(await source.entropyAt(target, { gasLimit: 400_000n })).to.deep.equal([2n, ethers.ZeroHash]);
    });
  });

  describe("hostile tokens", () => {
    it("tips what arrives of a token that keeps a fee", async () => {
      const { source, authority, keeper } = await networkHelpers.loadFixture(deploy);
      const token = await ethers.deployContract("FeeOnTransferToken");
      const beacon = await (await ethers.getContractFactory("Beacon")).deploy(
        await authority.getAddress(),
        await token.getAddress(),
      );
      await beacon.setSource(BLOCK, await source.getAddress());
      await token.getFunction("approve")(await beacon.getAddress(), 1_000n);
      await beacon.request(BLOCK, 1_000n);
      await networkHelpers.mine();
      await beacon.connect(keeper).fulfil(1n);
      expect(await beacon.owed(keeper.address)).to.equal(990n);
      expect(await token.getFunction("balanceOf")(await beacon.getAddress())).to.equal(
        await beacon.totalHeld(),
      );
    });

    it("stands re-entry from a tip's transfer", async () => {
      const { source, authority, keeper } = await networkHelpers.loadFixture(deploy);
      const token = await ethers.deployContract("ReentrantToken");
      const beacon = await (await ethers.getContractFactory("Beacon")).deploy(
        await authority.getAddress(),
        await token.getAddress(),
      );
      const address = await beacon.getAddress();
      await beacon.setSource(BLOCK, await source.getAddress());
      await token.getFunction("approve")(address, 1_000n);
      for (const attack of [
        beacon.interface.encodeFunctionData("collect", [keeper.address]),
        beacon.interface.encodeFunctionData("request", [BLOCK, 10n]),
      ]) {
        await token.getFunction("aim")(address, attack);
        await beacon.request(BLOCK, 100n);
        expect(await token.getFunction("succeeded")()).to.equal(false);
      }
      expect(await beacon.draws()).to.equal(2n);
      expect(await beacon.totalHeld()).to.equal(200n);
      expect(await token.getFunction("balanceOf")(address)).to.equal(200n);
    });
  });

  it("refuses to be made without a token", async () => {
    const { beacon, authority } = await networkHelpers.loadFixture(deploy);
    await expect(
      (await ethers.getContractFactory("Beacon")).deploy(await authority.getAddress(), ethers.ZeroAddress),
    ).to.be.revertedWithCustomError(beacon, "Beacon_ZeroAddress");
  });
});
