import { expect } from "chai";
import { hexlify, randomBytes } from "ethers";
import { network } from "hardhat";
import { secretOf, sign } from "../core/blsSigners.ts";
import {
  type Certificate,
  certificateOf,
  deployWithMembers,
  type Order,
  orderOf,
  type Publishing,
  seatsOf,
  signAll,
} from "./publishing.ts";

const { ethers, networkHelpers } = await network.create();

const NO_LIMIT = ethers.MaxUint256;

const ten = () => deployWithMembers(ethers, 10);

describe("StorageLog: forged certificates (LOG-12)", () => {
  const forgeries: [what: string, forge: (world: Publishing, order: Order) => Promise<Certificate>][] = [
    ["a signature over another batch", (world) => certificateOf(world, orderOf())],
    ["one over more units", (world, order) => certificateOf(world, { ...order, units: order.units + 1n })],
    [
      "one over other segments",
      (world, order) => certificateOf(world, { ...order, segments: order.segments + 1 }),
    ],
    [
      "one for another committee",
      async (world, order) => ({
        ...(await certificateOf(world, { ...order, committee: 1n })),
        version: await world.committees.versionOf(0n),
      }),
    ],
    [
      "one for another log, as on another chain",
      async (world, order) => {
        const log = await (await ethers.getContractFactory("StorageLog")).deploy(
          world.token,
          world.parameters,
          world.modules,
          world.committees,
          world.endowment,
        );
        return certificateOf({ ...world, log }, order);
      },
    ],
    [
      "a member that is said to have signed and hasn't",
      async (world, order) => ({
        ...(await certificateOf(world, order, [world.members[4]!])),
        missing: 0n,
      }),
    ],
    [
      "a member that is said to be missing and has signed",
      async (world, order) => ({
        ...(await certificateOf(world, order)),
        missing: seatsOf([world.members[4]!]),
      }),
    ],
    [
      "a member's signature that counts twice",
      async (world, order) => {
        const { version } = await certificateOf(world, order);
        const digest = await world.log.receiptDigest(0n, version, order.root, order.segments, order.units);
        const signers = [...world.members.slice(1), world.members[1]!];
        return { version, missing: 0n, signature: signAll(signers, digest) };
      },
    ],
    [
      "the signature of a key that isn't a member's",
      async (world, order) => {
        const { version } = await certificateOf(world, order);
        const digest = await world.log.receiptDigest(0n, version, order.root, order.segments, order.units);
        return { version, missing: 0n, signature: sign(secretOf(1_000), digest) };
      },
    ],
    [
      "nobody's signature, all being missing",
      async (world, order) => ({
        ...(await certificateOf(world, order)),
        missing: seatsOf(world.members),
        signature: { words: Array(8).fill(ethers.ZeroHash) as Certificate["signature"]["words"] },
      }),
    ],
    [
      "a point that isn't one",
      async (world, order) => ({
        ...(await certificateOf(world, order)),
        signature: {
          words: Array.from({ length: 8 }, () =>
            hexlify(randomBytes(32)),
          ) as Certificate["signature"]["words"],
        },
      }),
    ],
  ];

  for (const [what, forge] of forgeries) {
    it(what, async () => {
      const world = await networkHelpers.loadFixture(ten);
      const { log } = world;
      const order = orderOf();
      await expect(log.appendCertified(order, await forge(world, order), NO_LIMIT))
        .to.be.revertedWithCustomError(log, "StorageLog_InvalidCertificate")
        .withArgs(0n, order.root);
      expect(await log.batchCount()).to.equal(0n);
    });
  }

  it("bits of seats that nobody has, seat 0 among them", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { log, committees } = world;
    const order = orderOf();
    const certificate = await certificateOf(world, order);
    for (const seats of [1n, 1n << 11n, 1n << 255n]) {
      await expect(log.appendCertified(order, { ...certificate, missing: seats }, NO_LIMIT))
        .to.be.revertedWithCustomError(committees, "Committees_NotSeated")
        .withArgs(0n, seats);
    }
  });

  it("a certificate for a batch that isn't there", async () => {
    const world = await networkHelpers.loadFixture(ten);
    await expect(world.log.certify(0n, await certificateOf(world, orderOf())))
      .to.be.revertedWithCustomError(world.log, "StorageLog_UnknownBatch")
      .withArgs(0n);
  });

  it("to cover one batch by replaying another's certificate", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const order = orderOf();
    const certificate = await certificateOf(world, order);
    await world.log.appendCertified(order, certificate, NO_LIMIT);
    await world.log.append(orderOf(), NO_LIMIT);
    await expect(world.log.certify(0n, certificate))
      .to.be.revertedWithCustomError(world.log, "StorageLog_NothingNew")
      .withArgs(0n);
    await expect(world.log.certify(1n, certificate)).to.be.revertedWithCustomError(
      world.log,
      "StorageLog_InvalidCertificate",
    );
  });
});
