import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { streamOf } from "./announcing.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Clusters");
const NAME = "forest-1";
const CHAIN = 10n;
const NAMES = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

async function deploy() {
  const [owner, other, third] = await ethers.getSigners();
  const clusters = (await (await ethers.getContractFactory("Clusters")).deploy()).connect(owner!);
  return { clusters, owner: owner!, other: other!, third: third!, streams: third!.address };
}

describe("Clusters", () => {
  it("gives a free name to who comes first, once (KV-14)", async () => {
    const { clusters, owner, other, streams } = await networkHelpers.loadFixture(deploy);
    const stream = streamOf(other.address);
    await expect(clusters.register(NAME, CHAIN, streams, stream))
      .to.emit(clusters, "ClusterRegistered")
      .withArgs(id(NAME), NAME, owner.address, CHAIN, streams, stream);
    expect(await clusters.get(NAME)).to.deep.equal([owner.address, CHAIN, streams, stream]);
    for (const caller of [owner, other])
      await expect(clusters.connect(caller).register(NAME, 1n, other.address, stream))
        .to.be.revertedWithCustomError(clusters, "Clusters_Taken")
        .withArgs(NAME);
    await clusters.connect(other).register(`${NAME}2`, CHAIN, streams, stream);
    expect((await clusters.get(NAME)).owner).to.equal(owner.address);
    expect((await clusters.get(`${NAME}2`)).owner).to.equal(other.address);
    await expect(clusters.get("forest"))
      .to.be.revertedWithCustomError(clusters, "Clusters_Unknown")
      .withArgs("forest");
  });

  it("takes 1 to 63 of a-z, 0-9 and '-', with no '-' at an end (KV-15)", async () => {
    const { clusters, streams, owner } = await networkHelpers.loadFixture(deploy);
    const register = (name: string) =>
      clusters.register.staticCall(name, CHAIN, streams, streamOf(owner.address));
    const good = ["a", "z", "0", "9", "a-b", "a--b", "0-9", "x".repeat(63)];
    for (const name of good) await register(name);
    const bad = [
      "",
      "-",
      "--",
      "-a",
      "a-",
      "A",
      "aB",
      "a_b",
      "a.b",
      "a/b",
      "a b",
      "a\u0000",
      "é",
      "x".repeat(64),
    ];
    // The neighbours of each range.
    for (const name of [...bad, "`", "{", "/", ":", "a`", "a{", "a/", "a:b", "a,b", "a.b"])
      await expect(register(name), name)
        .to.be.revertedWithCustomError(clusters, "Clusters_BadName")
        .withArgs(name);
  });

  it("takes the names that a pattern takes and no others (KV-15, property)", async () => {
    const { clusters, streams, owner } = await networkHelpers.loadFixture(deploy);
    const near = fc.string({ unit: fc.constantFrom(..."az09-`{/:A_."), minLength: 0, maxLength: 5 });
    const long = fc.string({ unit: fc.constantFrom(..."az09-"), minLength: 55, maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(near, long), async (name) => {
        const taken = await clusters.register.staticCall(name, CHAIN, streams, streamOf(owner.address)).then(
          () => true,
          () => false,
        );
        expect(taken).to.equal(NAMES.test(name));
      }),
      { numRuns: 300 },
    );
  });

  it("lets its holder alone point it elsewhere, somewhere that can be (KV-16)", async () => {
    const { clusters, owner, other, streams } = await networkHelpers.loadFixture(deploy);
    const [old, next] = [streamOf(owner.address), streamOf(other.address, 3n)];
    for (const [chain, place] of [
      [0n, streams],
      [CHAIN, ZeroAddress],
    ] as const)
      await expect(clusters.register(NAME, chain, place, old))
        .to.be.revertedWithCustomError(clusters, "Clusters_BadTarget")
        .withArgs(chain, place);
    await clusters.register(NAME, CHAIN, streams, old);
    await expect(clusters.connect(other).retarget(NAME, CHAIN, streams, next))
      .to.be.revertedWithCustomError(clusters, "Clusters_NotOwner")
      .withArgs(NAME, other.address);
    await expect(clusters.retarget("forest", CHAIN, streams, next))
      .to.be.revertedWithCustomError(clusters, "Clusters_Unknown")
      .withArgs("forest");
    await expect(clusters.retarget(NAME, 0n, streams, next)).to.be.revertedWithCustomError(
      clusters,
      "Clusters_BadTarget",
    );
    expect((await clusters.get(NAME)).stream).to.equal(old);
    await expect(clusters.retarget(NAME, 1n, other.address, next))
      .to.emit(clusters, "ClusterRetargeted")
      .withArgs(id(NAME), 1n, other.address, next);
    expect(await clusters.get(NAME)).to.deep.equal([owner.address, 1n, other.address, next]);
  });

  it("changes hands in two steps: offered by one, accepted by the other (KV-17)", async () => {
    const { clusters, owner, other, third, streams } = await networkHelpers.loadFixture(deploy);
    const stream = streamOf(owner.address);
    await clusters.register(NAME, CHAIN, streams, stream);
    const refused = async (caller: typeof owner) =>
      expect(clusters.connect(caller).accept(NAME))
        .to.be.revertedWithCustomError(clusters, "Clusters_NotOffered")
        .withArgs(NAME, caller.address);
    for (const caller of [owner, other]) await refused(caller);
    await expect(clusters.connect(other).offer(NAME, other.address))
      .to.be.revertedWithCustomError(clusters, "Clusters_NotOwner")
      .withArgs(NAME, other.address);
    for (const to of [third.address, ZeroAddress, other.address])
      await expect(clusters.offer(NAME, to))
        .to.emit(clusters, "ClusterOffered")
        .withArgs(id(NAME), owner.address, to);
    expect(await clusters.offeredTo(NAME)).to.equal(other.address);
    await refused(third);
    expect((await clusters.get(NAME)).owner).to.equal(owner.address);

    await expect(clusters.connect(other).accept(NAME))
      .to.emit(clusters, "ClusterTransferred")
      .withArgs(id(NAME), owner.address, other.address);
    expect(await clusters.get(NAME)).to.deep.equal([other.address, CHAIN, streams, stream]);
    await refused(other);
    await expect(clusters.retarget(NAME, CHAIN, streams, stream)).to.be.revertedWithCustomError(
      clusters,
      "Clusters_NotOwner",
    );
    await clusters.connect(other).retarget(NAME, 1n, streams, stream);
    expect(await clusters.offeredTo(NAME)).to.equal(ZeroAddress);
  });

  it("says what it costs", async () => {
    const { clusters, owner, other, streams } = await networkHelpers.loadFixture(deploy);
    const stream = streamOf(owner.address);
    await gas.record("register", clusters.register(NAME, CHAIN, streams, stream));
    await gas.record("retarget", clusters.retarget(NAME, 1n, other.address, streamOf(other.address)));
    await gas.record("offer", clusters.offer(NAME, other.address));
    await gas.record("accept", clusters.connect(other).accept(NAME));
  });
});
