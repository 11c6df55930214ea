import { expect } from "chai";
import { type Signer, Wallet, ZeroHash } from "ethers";
import { startBeacon } from "../../../keepers/core/beacon.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import type { Beacon } from "../../../typechain-types/core/Beacon.js";
import { Beacon__factory } from "../../../typechain-types/factories/core/Beacon__factory.js";
import { BlockHashSource__factory } from "../../../typechain-types/factories/core/BlockHashSource__factory.js";
import { Authority__factory } from "../../../typechain-types/factories/governance/Authority__factory.js";
import { startAnvil, startHardhat, type TestChain } from "../runtime/chains.ts";
import { startChainKeeper } from "../runtime/keeper.ts";
import { eventually } from "../runtime/temporary.ts";
import { deployToken, fund, type MintingKey, RICH_KEY } from "../runtime/token.ts";

const FULFILLED = 3n;
const EXPIRED = 4n;

for (const [name, start] of [
  ["anvil", () => startAnvil()],
  ["hardhat", startHardhat],
] as const) {
  describe(`beacon keeper on ${name}`, () => {
    let chain: TestChain;
    let minting: MintingKey;
    let beacon: Beacon;
    let consumer: Signer;
    let keeper: Awaited<ReturnType<typeof startChainKeeper>>;

    before(async () => {
      chain = await start();
      minting = await deployToken(chain.provider);
      const rich = new Wallet(RICH_KEY, chain.provider);
      const authority = await sent(new Authority__factory(rich).deploy(rich.address));
      const source = await sent(new BlockHashSource__factory(rich).deploy());
      beacon = await sent(new Beacon__factory(rich).deploy(await authority.getAddress(), minting.address));
      await (await beacon.setSource(0, await source.getAddress())).wait();
      consumer = new Wallet(minting.privateKey, chain.provider);
      await (await minting.token.connect(consumer).mint(await consumer.getAddress(), 1_000n)).wait();
      await (await minting.token.connect(consumer).approve(await beacon.getAddress(), 1_000n)).wait();
    });

    after(() => chain.stop());

    beforeEach(async () => {
      const signer = createMemorySigner();
      await fund(chain.provider, signer.address);
      keeper = await startChainKeeper(chain, signer, { Beacon: await beacon.getAddress() });
    });

    afterEach(() => keeper.stop());

    async function request(tip: bigint): Promise<bigint> {
      await (await beacon.connect(consumer).request(0, tip)).wait();
      return await beacon.draws();
    }

    const stateOf = async (id: bigint) => (await beacon.stateOf(id)).state;

    it("mines the awaited block, fulfils every draw and fetches the tips", async () => {
      const first = await request(5n);
      await startBeacon(keeper.context, { collectFrom: 20n, lookMs: 20 });
      await eventually(
        "the draw before the start is fulfilled",
        async () => (await stateOf(first)) === FULFILLED,
      );
      const later = [await request(7n), await request(8n)];
      for (const id of later) {
        await eventually(`draw ${id} is fulfilled`, async () => (await stateOf(id)) === FULFILLED);
        expect((await beacon.stateOf(id)).seed).not.to.equal(ZeroHash);
      }
      const { address } = keeper.context.signer;
      await eventually("the tips are fetched", async () => (await minting.token.balanceOf(address)) === 20n);
      expect(await beacon.owed(address)).to.equal(0n);
    });

    it("makes no blocks when no draw waits for one", async () => {
      await startBeacon(keeper.context, { lookMs: 20 });
      const id = await request(0n);
      await eventually("the draw is fulfilled", async () => (await stateOf(id)) === FULFILLED);
      const head = await chain.provider.getBlockNumber();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await chain.provider.getBlockNumber()).to.equal(head);
    });

    it("waits for blocks to come by themselves when it may not mine", async () => {
      await startBeacon(keeper.context, { mineBlocks: false, lookMs: 20 });
      const id = await request(0n);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await stateOf(id)).not.to.equal(FULFILLED);
      await chain.rpc("evm_mine");
      await eventually("the draw is fulfilled", async () => (await stateOf(id)) === FULFILLED);
    });

    // anvil has the history contract of EIP-2935, Hardhat's network does not.
    const keepsHistory = name === "anvil";
    it(`${keepsHistory ? "fulfils" : "gives back the tip of"} a draw that is 300 blocks old`, async () => {
      const id = await request(9n);
      for (let i = 0; i < 300; i++) await chain.rpc("evm_mine");
      const owner = await consumer.getAddress();
      const owed = await beacon.owed(owner);
      await startBeacon(keeper.context, { mineBlocks: false, lookMs: 20 });
      if (keepsHistory) {
        await eventually("the draw is fulfilled", async () => (await stateOf(id)) === FULFILLED);
      } else {
        await eventually("the tip is owed", async () => (await beacon.owed(owner)) === owed + 9n);
        expect(await stateOf(id)).to.equal(EXPIRED);
      }
    });
  });
}

async function sent<T extends { waitForDeployment(): Promise<T> }>(deploying: Promise<T>): Promise<T> {
  return await (await deploying).waitForDeployment();
}
