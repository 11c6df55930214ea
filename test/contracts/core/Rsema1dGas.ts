import { expect } from "chai";
import { network } from "hardhat";
import { createReference } from "../../keepers/coding/reference/rsema1d.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  encodeNoise,
  type Judge,
  judgeArguments,
  type Open,
  openArguments,
  VERDICT,
} from "./rsema1dProofs.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Rsema1d");
const reference = createReference();

const deploy = async () => ethers.deployContract("Rsema1dProbe");

describe("Rsema1d's gas", () => {
  it("keeps the gas of an opening", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const send = (name: string, args: Open | Judge) => probe.getFunction(name).send(...args);
    for (const rowSize of [64, 1024, 2048, 8192]) {
      const segment = encodeNoise(reference, { k: 16, n: 16, rowSize }, rowSize);
      await gas.record(`open a row of ${rowSize}`, send("requireOpen", openArguments(segment, 3)));
      await gas.record(`open a row of ${rowSize} with RLC`, send("requireSound", judgeArguments(segment, 3)));
    }
    const largest = judgeArguments(encodeNoise(reference, { k: 1, n: 1, rowSize: 65_536 }, 7), 0);
    const receipt = await gas.record("open the largest row with RLC", send("requireSound", largest));
    expect(Number(receipt.gasUsed)).to.be.lessThan(2 ** 24);
  });

  it("convicts nobody for want of gas: a starved judgement reverts (CODE-11)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const args = judgeArguments(encodeNoise(reference, { k: 4, n: 4, rowSize: 256 }, 3), 2);
    const judge = probe.getFunction("judge");
    const enough = await judge.estimateGas(...args);
    const answers: (bigint | "reverted")[] = [];
    for (let gasLimit = 45_000n; gasLimit <= enough + 997n; gasLimit += 499n) {
      const judged = judge.staticCall(...args, { gasLimit });
      answers.push(await judged.then(([verdict]) => verdict as bigint).catch(() => "reverted" as const));
    }
    expect(new Set(answers)).to.deep.equal(new Set(["reverted", VERDICT.sound]));
  });
});
