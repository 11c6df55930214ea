import { expect } from "chai";
import { network } from "hardhat";
import { announcementOf, deployStreams, ERC1271_GAS, eventsOf, ROOT, sign, streamOf } from "./announcing.ts";

const { ethers, networkHelpers } = await network.create();
const MANNERS = [
  "BurnGas",
  "Revert",
  "RevertAtLength",
  "AnswerAtLength",
  "AnswerShort",
  "AnswerDirty",
  "AnswerNothing",
] as const;
const REENTER = MANNERS.length;
/** A call's own cost and the events of an item, above what its account may spend. */
const ITEM_GAS = 60_000n;

const deploy = () => deployStreams(ethers);

async function accountOf(owner: string): Promise<string> {
  return await (await (await ethers.getContractFactory("ContractWallet")).deploy(owner)).getAddress();
}

describe("Streams asks contracts", () => {
  it("and takes what they say is signed, of their own and nobody else's (KV-8)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { streams, writer, other, relay } = world;
    const [account, another] = [await accountOf(writer.address), await accountOf(writer.address)];
    const right = await sign(world, writer, announcementOf(account));
    const brought = [
      right,
      await sign(world, other, announcementOf(account, { nonce: 1n })),
      { ...right, writer: another },
      { ...right, nonce: 2n },
    ];
    expect((await eventsOf(streams, streams.relay(brought))).map(([name, , by]) => [name, by])).to.deep.equal(
      [
        ["BatchAnnounced", account],
        ["BatchRefused", account],
        ["BatchRefused", another],
        ["BatchRefused", account],
      ],
    );
    const wallet = await ethers.getContractAt("ContractWallet", account);
    await wallet.getFunction("answerWith")("0xffffffff");
    await expect(streams.relay([right]))
      .to.emit(streams, "BatchRefused")
      .withArgs(right.stream, account, relay.address, 0n, ROOT);
  });

  it("at a bounded price, whatever they do with the question (KV-9)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { streams, writer } = world;
    const hostile = await ethers.deployContract("HostileAccount");
    const asked = { ...announcementOf(await hostile.getAddress()), signature: "0x" };
    const right = await sign(world, writer, announcementOf(writer.address));
    for (const [manner, what] of MANNERS.entries()) {
      await hostile.getFunction("behave")(manner);
      const sent = await streams.relay([asked, right]);
      const receipt = await sent.wait();
      expect(receipt!.gasUsed < ERC1271_GAS + 2n * ITEM_GAS, what).to.equal(true);
      const names = receipt!.logs.map((log) => streams.interface.parseLog(log)?.name);
      expect(names, what).to.deep.equal(["BatchRefused", "BatchAnnounced"]);
    }
    expect(await streams.batchCount(asked.stream)).to.equal(0n);
  });

  it("so that they can change nothing while they answer (KV-9)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { streams, writer } = world;
    const hostile = await ethers.deployContract("HostileAccount");
    const account = await hostile.getAddress();
    await hostile.getFunction("behave")(REENTER);
    const stream = streamOf(account);
    const inner = await sign(world, writer, announcementOf(writer.address, { stream }));
    const calls = streams.interface;
    const attacks = [
      calls.encodeFunctionData("announce", [stream, 1n, ROOT]),
      calls.encodeFunctionData("relay", [[inner]]),
      calls.encodeFunctionData("attest", [stream, 0n, ROOT]),
    ];
    const asked = { ...announcementOf(account), signature: "0x" };
    for (const attack of attacks) {
      await hostile.getFunction("aim")(await streams.getAddress(), attack);
      expect((await eventsOf(streams, streams.relay([asked]))).map(([name]) => name)).to.deep.equal([
        "BatchRefused",
      ]);
    }
    expect(await streams.batchCount(stream)).to.equal(0n);
    // A look back in does no harm: the account is believed about itself.
    const look = calls.encodeFunctionData("batchCount", [stream]);
    await hostile.getFunction("aim")(await streams.getAddress(), look);
    await expect(streams.relay([asked])).to.emit(streams, "BatchAnnounced");
  });
});
