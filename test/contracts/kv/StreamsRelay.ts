import { expect } from "chai";
import { concat, id, Signature, toBeHex, Wallet } from "ethers";
import { network } from "hardhat";
import { announcementOf, deployStreams, eventsOf, ROOT, type Signed, sign, streamOf } from "./announcing.ts";

const { ethers, networkHelpers } = await network.create();
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const deploy = () => deployStreams(ethers);

describe("Streams.relay", () => {
  it("announces what writers have signed as if they had called, whoever brings it (KV-5)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { streams, writer, other } = world;
    const stream = streamOf(writer.address);
    const brought = [
      await sign(world, writer, announcementOf(writer.address, { nonce: 4n })),
      await sign(world, other, announcementOf(other.address, { stream, nonce: 2n, objectRoot: id("b") })),
      await sign(world, other, announcementOf(other.address)),
    ];
    expect(await eventsOf(streams, streams.relay(brought))).to.deep.equal([
      ["BatchAnnounced", stream, writer.address, 1n, 4n, ROOT],
      ["BatchAnnounced", stream, other.address, 2n, 2n, id("b")],
      ["BatchAnnounced", streamOf(other.address), other.address, 1n, 0n, ROOT],
    ]);
    expect(await eventsOf(streams, streams.relay([]))).to.deep.equal([]);
  });

  it("has a digest that any wallet makes of the typed data", async () => {
    const { streams, writer } = await networkHelpers.loadFixture(deploy);
    const world = await networkHelpers.loadFixture(deploy);
    const { signature, ...signed } = await sign(world, writer, announcementOf(writer.address));
    const digest = await streams.digestOf(signed.writer, signed.stream, signed.nonce, signed.objectRoot);
    expect(ethers.recoverAddress(digest, signature)).to.equal(writer.address);
  });

  it("passes over what its writer has not signed, and spoils nothing for the others (KV-6)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { streams, writer, other, relay } = world;
    const asked = announcementOf(writer.address, { nonce: 5n });
    const right = await sign(world, writer, asked);
    const { r, s, yParity } = Signature.from(right.signature);
    const flipped = concat([r, toBeHex(CURVE_ORDER - BigInt(s), 32), toBeHex(28 - yParity)]);
    const lies: readonly Signed[] = [
      { ...right, writer: other.address },
      { ...right, stream: streamOf(other.address) },
      { ...right, nonce: 6n },
      { ...right, objectRoot: id("other") },
      await sign(world, other, asked),
      await sign(world, Wallet.createRandom(), asked),
      await sign(world, writer, asked, { chainId: 1n }),
      await sign(world, writer, asked, { verifyingContract: other.address }),
      await sign(world, writer, asked, { name: "Mycelia ReadSessions" }),
      await sign(world, writer, asked, { version: "2" }),
      { ...right, signature: flipped },
      { ...right, signature: "0x" },
      { ...right, signature: `0x${"00".repeat(65)}` },
      { ...right, signature: right.signature.slice(0, -2) },
      { ...right, signature: `${right.signature}00` },
      { ...right, writer: ethers.ZeroAddress, signature: `0x${"00".repeat(65)}` },
      { ...right, writer: toBeHex(4, 20) },
      { ...right, writer: await streams.getAddress() },
    ];
    const events = await eventsOf(streams, streams.relay([right, ...lies, right]));
    expect(events).to.deep.equal([
      ["BatchAnnounced", asked.stream, writer.address, 1n, 5n, ROOT],
      ...lies.map((lie) => [
        "BatchRefused",
        lie.stream,
        ethers.getAddress(lie.writer),
        relay.address,
        lie.nonce,
        lie.objectRoot,
      ]),
      ["BatchAnnounced", asked.stream, writer.address, 2n, 5n, ROOT],
    ]);
    expect(await streams.batchCount(asked.stream)).to.equal(2n);
    expect(await streams.batchCount(streamOf(other.address))).to.equal(0n);
  });

  it("takes what was signed again, under another version, and never elsewhere (KV-7)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { streams, writer } = world;
    const signed = await sign(world, writer, announcementOf(writer.address));
    const elsewhere = await (await ethers.getContractFactory("Streams")).deploy();
    for (const version of [1n, 2n])
      await expect(streams.relay([signed]))
        .to.emit(streams, "BatchAnnounced")
        .withArgs(signed.stream, writer.address, version, 0n, ROOT);
    await expect(elsewhere.relay([signed])).to.emit(elsewhere, "BatchRefused");
    expect(await elsewhere.batchCount(signed.stream)).to.equal(0n);
  });
});
