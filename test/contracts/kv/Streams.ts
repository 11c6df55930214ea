import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { announcementOf, deployStreams, eventsOf, ROOT, sign, streamOf } from "./announcing.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Streams");
const LAST_NONCE = 2n ** 64n - 1n;

const deploy = () => deployStreams(ethers);

describe("Streams", () => {
  it("numbers the batches of each stream from 1, and says whose they are (KV-1)", async () => {
    const { streams, writer, other } = await networkHelpers.loadFixture(deploy);
    const [mine, theirs] = [streamOf(writer.address), streamOf(other.address)];
    expect(await streams.batchCount(mine)).to.equal(0n);
    expect(await streams.connect(writer).announce.staticCall(mine, 7n, ROOT)).to.equal(1n);
    const asked = [
      { caller: writer, stream: mine, nonce: 7n, version: 1n },
      { caller: other, stream: mine, nonce: LAST_NONCE, version: 2n },
      { caller: writer, stream: theirs, nonce: 0n, version: 1n },
      { caller: writer, stream: mine, nonce: 7n, version: 3n },
      { caller: writer, stream: streamOf(writer.address, 2n), nonce: 8n, version: 1n },
    ];
    for (const [i, { caller, stream, nonce, version }] of asked.entries()) {
      const root = id(`${i}`);
      await expect(streams.connect(caller).announce(stream, nonce, root))
        .to.emit(streams, "BatchAnnounced")
        .withArgs(stream, caller.address, version, nonce, root);
      expect(await streams.batchCount(stream)).to.equal(version);
    }
  });

  it("announces several in their order, of one stream and of others (KV-2)", async () => {
    const { streams, writer, other } = await networkHelpers.loadFixture(deploy);
    const [mine, theirs] = [streamOf(writer.address), streamOf(other.address)];
    const several = [
      { stream: mine, nonce: 1n, objectRoot: id("a") },
      { stream: theirs, nonce: 1n, objectRoot: id("b") },
      { stream: mine, nonce: 2n, objectRoot: id("c") },
    ];
    expect(await eventsOf(streams, streams.connect(writer).announceMany(several))).to.deep.equal([
      ["BatchAnnounced", mine, writer.address, 1n, 1n, id("a")],
      ["BatchAnnounced", theirs, writer.address, 1n, 1n, id("b")],
      ["BatchAnnounced", mine, writer.address, 2n, 2n, id("c")],
    ]);
    expect(await streams.batchCount(mine)).to.equal(2n);
    expect(await eventsOf(streams, streams.announceMany([]))).to.deep.equal([]);
  });

  it("keeps the newest that each attester vouches for in each stream (KV-3)", async () => {
    const { streams, writer, attester, other } = await networkHelpers.loadFixture(deploy);
    const [one, two] = [streamOf(writer.address), streamOf(writer.address, 2n)];
    for (const stream of [one, one, one, two]) await streams.announce(stream, 0n, ROOT);
    const asked = [
      { caller: attester, stream: one, version: 1n },
      { caller: attester, stream: one, version: 3n },
      { caller: other, stream: one, version: 2n },
      { caller: attester, stream: two, version: 1n },
    ];
    for (const { caller, stream, version } of asked) {
      const root = id(`${caller.address}${stream}${version}`);
      await expect(streams.connect(caller).attest(stream, version, root))
        .to.emit(streams, "StateAttested")
        .withArgs(stream, caller.address, version, root);
      expect(await streams.attestationOf(stream, caller.address)).to.deep.equal([version, root]);
    }
    const first = await streams.attestationOf(one, attester.address);
    expect(first.stateRoot).to.equal(id(`${attester.address}${one}3`));
    expect(await streams.attestationOf(one, writer.address)).to.deep.equal([0n, ethers.ZeroHash]);
  });

  it("takes no word on a batch that isn't there, nor an older or second one (KV-4)", async () => {
    const { streams, writer, attester } = await networkHelpers.loadFixture(deploy);
    const stream = streamOf(writer.address);
    const attest = (version: bigint, root = id("state")) =>
      streams.connect(attester).attest(stream, version, root);
    for (const [version, count] of [
      [1n, 0n],
      [3n, 2n],
      [LAST_NONCE, 2n],
    ] as const) {
      if (count === 2n)
        for (let i = await streams.batchCount(stream); i < 2n; i++) await streams.announce(stream, 0n, ROOT);
      await expect(attest(version))
        .to.be.revertedWithCustomError(streams, "Streams_UnknownVersion")
        .withArgs(stream, version, count);
    }
    await expect(attest(0n))
      .to.be.revertedWithCustomError(streams, "Streams_NotNewer")
      .withArgs(stream, 0n, 0n);
    await attest(2n);
    for (const version of [0n, 1n, 2n])
      await expect(attest(version, id("other")))
        .to.be.revertedWithCustomError(streams, "Streams_NotNewer")
        .withArgs(stream, version, 2n);
    expect(await streams.attestationOf(stream, attester.address)).to.deep.equal([2n, id("state")]);
  });

  it("says what it costs", async () => {
    const { streams, writer, attester } = await networkHelpers.loadFixture(deploy);
    const world = await networkHelpers.loadFixture(deploy);
    const stream = streamOf(writer.address);
    const one = (nonce: bigint) => ({ stream, nonce, objectRoot: id(`${nonce}`) });
    const signed = (nonce: bigint) => sign(world, writer, announcementOf(writer.address, one(nonce)));
    await gas.record("announce the first of a stream", streams.announce(stream, 1n, id("1")));
    const known = await gas.record("announce another of it", streams.announce(stream, 2n, id("2")));
    expect(Number(known.gasUsed)).to.be.lessThan(35_000);
    const ten = Array.from({ length: 10 }, (_, i) => BigInt(3 + i));
    await gas.record("announceMany of 10", streams.announceMany(ten.map(one)));
    await gas.record("relay 1", streams.relay([await signed(13n)]));
    await gas.record("relay 10 of one stream", streams.relay(await Promise.all(ten.map(signed))));
    await gas.record("relay 1 that is not signed", streams.relay([{ ...(await signed(14n)), nonce: 15n }]));
    const account = await (await ethers.getContractFactory("ContractWallet")).deploy(writer.address);
    const byAccount = announcementOf(await account.getAddress(), one(16n));
    await gas.record("relay 1 of a contract", streams.relay([await sign(world, writer, byAccount)]));
    await gas.record("attest the first", streams.connect(attester).attest(stream, 1n, id("state")));
    await gas.record("attest another", streams.connect(attester).attest(stream, 2n, id("newer")));
  });
});
