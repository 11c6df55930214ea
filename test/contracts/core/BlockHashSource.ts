import { expect } from "chai";
import {
  AbiCoder,
  id,
  type JsonRpcSigner,
  keccak256,
  MaxUint256,
  toBeHex,
  toQuantity,
  ZeroHash,
} from "ethers";
import { Beacon__factory } from "../../../typechain-types/factories/core/Beacon__factory.js";
import { BlockHashSource__factory } from "../../../typechain-types/factories/core/BlockHashSource__factory.js";
import { MyceliaToken__factory } from "../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { Authority__factory } from "../../../typechain-types/factories/governance/Authority__factory.js";
import { type Anvil, startAnvil } from "./anvil.ts";

const HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935";
const BLOCK = 0n;
const State = { Ready: 2n, Fulfilled: 3n, Expired: 4n } as const;

/** A beacon over the block source, on a chain that keeps the last 8,191 hashes. */
async function deployOn(signer: JsonRpcSigner) {
  const token = await new MyceliaToken__factory(signer).deploy(signer.address);
  const authority = await new Authority__factory(signer).deploy(signer.address);
  const beacon = await new Beacon__factory(signer).deploy(
    await authority.getAddress(),
    await token.getAddress(),
  );
  const source = await new BlockHashSource__factory(signer).deploy();
  await (await beacon.setSource(BLOCK, await source.getAddress())).wait();
  await (await token.mint(signer.address, 1_000n)).wait();
  await (await token.approve(await beacon.getAddress(), MaxUint256)).wait();
  return { beacon, token, source };
}

describe("BlockHashSource on a chain with EIP-2935", () => {
  let anvil: Anvil;
  let signer: JsonRpcSigner;

  before(async () => {
    anvil = await startAnvil(20_000);
    signer = await anvil.provider.getSigner(0);
  });

  after(async () => {
    await anvil.stop();
  });

  const mineUpTo = async (block: bigint) => {
    const count = block - BigInt(await anvil.provider.getBlockNumber());
    if (count > 0n) await anvil.provider.send("anvil_mine", [toQuantity(count)]);
  };

  it("proves a hash past 256 blocks, the same as early on, and seeds a late draw with it (BEACON-3)", async () => {
    const { beacon, source } = await deployOn(signer);
    await (await beacon.request(BLOCK, 10n)).wait();
    const { target } = await beacon.targetOf(1n);

    await mineUpTo(target + 10n);
    const early = await source.entropyAt(target);
    expect(early.availability).to.equal(1n);
    expect(early.entropy).to.equal((await anvil.provider.getBlock(target))?.hash);
    for (const distance of [256n, 257n, 600n]) {
      await mineUpTo(target + distance);
      expect(await source.entropyAt(target)).to.deep.equal(early);
    }

    await (await beacon.fulfil(1n)).wait();
    const { chainId } = await anvil.provider.getNetwork();
    const seed = keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "uint64", "bytes32"],
        [chainId, await beacon.getAddress(), 1n, early.entropy],
      ),
    );
    expect(await beacon.stateOf(1n)).to.deep.equal([State.Fulfilled, seed]);
  });

  it("proves a hash 8,191 blocks back and not one more (BEACON-5)", async () => {
    const { source } = await deployOn(signer);
    const latest = BigInt(await anvil.provider.getBlockNumber());
    // The chain is too young: what the history contract would have stored by now is put where it would have put it.
    const hashes = new Map([8_192n, 8_191n, 8_190n].map((back) => [latest - back, id(`block ${back}`)]));
    for (const [block, hash] of hashes) {
      await anvil.provider.send("anvil_setStorageAt", [HISTORY, toBeHex(block % 8_191n, 32), hash]);
    }
    for (const back of [8_191n, 8_190n]) {
      const block = latest - back;
      expect(await source.entropyAt(block)).to.deep.equal([1n, hashes.get(block)]);
    }
    expect(await source.entropyAt(latest - 8_192n)).to.deep.equal([2n, ZeroHash]);
    await anvil.provider.send("anvil_mine", ["0x1"]);
    expect(await source.entropyAt(latest - 8_191n)).to.deep.equal([2n, ZeroHash]);
    expect(await source.entropyAt(latest - 8_190n)).to.deep.equal([1n, hashes.get(latest - 8_190n)]);
    expect(await source.entropyAt(latest + 1n)).to.deep.equal([0n, ZeroHash]);
  });

  it("takes a silent, empty or chattering history contract for none; what expired stays expired (BEACON-8)", async () => {
    const { beacon } = await deployOn(signer);
    for (let draw = 0; draw < 2; draw += 1) await (await beacon.request(BLOCK, 10n)).wait();
    const { target } = await beacon.targetOf(2n);
    await mineUpTo(target + 300n);
    expect((await beacon.stateOf(1n)).state).to.equal(State.Ready);
    const code = await anvil.provider.getCode(HISTORY);
    const bad = {
      absent: "0x",
      reverting: "0x60006000fd",
      "burning all gas": "0xfe",
      "answering zero": "0x60206000f3",
      "answering 64 bytes": "0x600160005260406000f3",
    };
    for (const broken of Object.values(bad)) {
      await anvil.provider.send("anvil_setCode", [HISTORY, broken]);
      expect((await beacon.stateOf(1n)).state).to.equal(State.Expired);
    }
    await (await beacon.expire(1n)).wait();
    await anvil.provider.send("anvil_setCode", [HISTORY, code]);
    expect(await beacon.stateOf(1n)).to.deep.equal([State.Expired, ZeroHash]);
    const refusal = await beacon.fulfil.staticCall(1n).then(String, String);
    expect(refusal).to.contain("Beacon_NotReady");
    expect((await beacon.stateOf(2n)).state).to.equal(State.Ready);
    await (await beacon.fulfil(2n)).wait();
    expect(await beacon.owed(signer.address)).to.equal(20n);
  });
});
