import { expect } from "chai";
import { encodeBytes32String, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { drawnCommittee, seat } from "../../../keepers/storage/format/seating.ts";
import { INFINITY_G1, INFINITY_G2 } from "../core/blsPoints.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  bondUp,
  countOf,
  deployCommittees,
  ENTRY_FEE,
  enterAs,
  fulfil,
  NODE_BOND,
  nextEpoch,
  ownersIn,
  possessionOf,
  request,
  TIP,
  URL_A,
} from "./committees.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Committees");

const NAME = encodeBytes32String("Committees");

const deploy = () => deployCommittees(ethers);

describe("Committees", () => {
  describe("entry", () => {
    it("takes a request for a bond, a fee and a tip (COMMITTEES-1)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, token, treasury, beacon, operator, other } = fixture;
      await bondUp(fixture, operator);
      const sent = await request(fixture, operator, 1, other.address);
      await expect(sent)
        .to.emit(committees, "EntryRequested")
        .withArgs(operator.address, 1n, other.address, ENTRY_FEE, URL_A);
      await expect(sent).to.changeTokenBalances(
        ethers,
        token,
        [operator, treasury, beacon],
        [-ENTRY_FEE - TIP, ENTRY_FEE, TIP],
      );
      expect(await committees.requestOf(operator.address)).to.equal(1n);
      expect(await committees.operatorOf(other.address)).to.equal(operator.address);
      expect(await committees.seatOf(operator.address)).to.deep.equal([0n, 0n]);
    });

    it("seats where the beacon says, and never before it has said so (COMMITTEES-5)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, beacon, operator, other } = fixture;
      await bondUp(fixture, operator);
      await request(fixture, operator, 1, other.address);
      await expect(committees.enter(operator.address))
        .to.be.revertedWithCustomError(committees, "Committees_DrawNotReady")
        .withArgs(operator.address, 1n);
      await fulfil(fixture, networkHelpers, operator);
      const { seed } = await beacon.stateOf(1n);

      const sent = await committees.connect(other).enter(operator.address);
      const [committee, at] = await committees.seatOf(operator.address);
      expect([committee, at]).to.deep.equal([0n, 1n]);
      await expect(sent)
        .to.emit(committees, "MemberEntered")
        .withArgs(0n, 1n, operator.address, other.address, URL_A);
      await expect(sent)
        .to.emit(committees, "SlotsAssigned")
        .withArgs(0n, 1n, [...(await committees.owners(0n))]);
      const owners = ownersIn(await committees.owners(0n));
      const expected = seat(new Uint8Array(256), {
        joiner: 1,
        members: 1,
        start: Number(BigInt(seed) & 255n),
      });
      expect(owners).to.deep.equal([...expected.owners]);
      const member = await committees.memberAt(0n, 1n);
      const now = BigInt(await networkHelpers.time.latest());
      expect(member).to.deep.equal([operator.address, other.address, 32n, now, 0n, URL_A]);
      expect(await committees.memberCount(0n)).to.equal(1n);
      expect(await committees.seats(0n)).to.equal(2n);
      expect(await committees.requestOf(operator.address)).to.equal(0n);
      await expect(committees.enter(operator.address))
        .to.be.revertedWithCustomError(committees, "Committees_NoRequest")
        .withArgs(operator.address);
    });

    it("refuses a second place, a thin bond, a bad signer or endpoint, and when stopped (COMMITTEES-1)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, modules, operator, other, module } = fixture;
      await enterAs(fixture, networkHelpers, operator, 1);
      await expect(request(fixture, operator, 1))
        .to.be.revertedWithCustomError(committees, "Committees_AlreadyMember")
        .withArgs(operator.address);

      await bondUp(fixture, other, NODE_BOND - 1n);
      await expect(request(fixture, other, 2))
        .to.be.revertedWithCustomError(committees, "Committees_InsufficientBond")
        .withArgs(other.address, NODE_BOND - 1n, NODE_BOND);
      await bondUp(fixture, other, 1n);
      for (const signer of [ZeroAddress, operator.address]) {
        await expect(request(fixture, other, 2, signer))
          .to.be.revertedWithCustomError(committees, "Committees_InvalidSigner")
          .withArgs(signer);
      }
      const { key, possession } = await possessionOf(fixture, other.address, 2);
      for (const endpoint of ["", "ftp://a", "http://a b", `http://${"a".repeat(194)}`]) {
        await expect(committees.connect(other).requestEntry(other.address, key, possession, endpoint))
          .to.be.revertedWithCustomError(committees, "Committees_InvalidEndpoint")
          .withArgs(endpoint);
      }
      await request(fixture, other, 2);
      await expect(request(fixture, other, 2))
        .to.be.revertedWithCustomError(committees, "Committees_AlreadyRequested")
        .withArgs(other.address);

      await fulfil(fixture, networkHelpers, other);
      await bondUp(fixture, module);
      await modules.stop(NAME, 1n);
      for (const stopped of [
        () => request(fixture, module, 3),
        () => committees.enter(other.address),
        () => committees.open(),
      ]) {
        await expect(stopped()).to.be.revertedWithCustomError(committees, "Committees_NewBusinessStopped");
      }
      // Leaving stays open.
      await committees.connect(operator).resign();
    });

    it("admits no key whose possession by this operator isn't proven (COMMITTEES-6)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, operator, other } = fixture;
      await enterAs(fixture, networkHelpers, operator, 1);
      await bondUp(fixture, other);
      const [own, copied] = [
        await possessionOf(fixture, other.address, 2),
        await possessionOf(fixture, operator.address, 1),
      ];
      const twin = await possessionOf(fixture, other.address, 1);
      for (const { key, possession } of [
        // Of another operator: its proof, and one that its holder made for both.
        copied,
        twin,
        // A proof under another key, for another operator, for nobody.
        { key: own.key, possession: copied.possession },
        { key: own.key, possession: (await possessionOf(fixture, operator.address, 2)).possession },
        { key: own.key, possession: INFINITY_G2 },
        { key: INFINITY_G1, possession: INFINITY_G2 },
      ]) {
        await expect(committees.connect(other).requestEntry(other.address, key, possession, URL_A))
          .to.be.revertedWithCustomError(committees, "Committees_InvalidKey")
          .withArgs(other.address);
      }
      await request(fixture, other, 2);
    });

    it("lets whoever left come back under its own signer and key, on its own seat (COMMITTEES-8)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, operator, other } = fixture;
      await enterAs(fixture, networkHelpers, other, 2);
      await enterAs(fixture, networkHelpers, operator, 1);
      await committees.connect(other).resign();
      await request(fixture, other, 2);
      await fulfil(fixture, networkHelpers, other);
      await committees.enter(other.address);
      expect(await committees.seatOf(other.address)).to.deep.equal([0n, 1n]);
      expect((await committees.memberAt(0n, 1n)).leftAt).to.equal(0n);
    });
  });

  describe("lapse", () => {
    it("forgets a request whose draw is lost, and keeps the fee (COMMITTEES-7)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, token, treasury, operator, other } = fixture;
      await bondUp(fixture, operator);
      await request(fixture, operator, 1);
      await expect(committees.lapse(operator.address))
        .to.be.revertedWithCustomError(committees, "Committees_RequestStands")
        .withArgs(operator.address, 1n);
      // Beyond what the chain of the tests remembers.
      await networkHelpers.mine(300);
      const lapsed = await committees.connect(other).lapse(operator.address);
      await expect(lapsed).to.emit(committees, "EntryLapsed").withArgs(operator.address, 1n);
      await expect(lapsed).to.changeTokenBalances(ethers, token, [operator, treasury], [0n, TIP]);
      await expect(committees.lapse(operator.address)).to.be.revertedWithCustomError(
        committees,
        "Committees_NoRequest",
      );
      // A new draw costs a new fee.
      await expect(request(fixture, operator, 1)).to.changeTokenBalance(ethers, token, treasury, ENTRY_FEE);
    });

    it("forgets a request whose bond is gone, and seats it never (COMMITTEES-1, COMMITTEES-7)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, bonds, module, operator, other } = fixture;
      await bondUp(fixture, operator);
      await request(fixture, operator, 1);
      await fulfil(fixture, networkHelpers, operator);
      await expect(committees.lapse(operator.address)).to.be.revertedWithCustomError(
        committees,
        "Committees_RequestStands",
      );
      await bonds.connect(operator).unbond(module.address, 1n);
      await expect(committees.enter(operator.address))
        .to.be.revertedWithCustomError(committees, "Committees_InsufficientBond")
        .withArgs(operator.address, NODE_BOND - 1n, NODE_BOND);
      await committees.connect(other).lapse(operator.address);
      expect(await committees.requestOf(operator.address)).to.equal(0n);
    });
  });

  describe("committees", () => {
    it("opens the next when each earlier one is as large as it should be (COMMITTEES-9)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees } = fixture;
      const people = await ethers.getSigners();
      expect(await committees.committeeCount()).to.equal(1n);
      for (let i = 0; i < 7; i++) await enterAs(fixture, networkHelpers, people[i]!, i + 1);
      await expect(committees.open())
        .to.be.revertedWithCustomError(committees, "Committees_RoomLeft")
        .withArgs(0n, 7n, 8n);
      await enterAs(fixture, networkHelpers, people[7]!, 8);
      await expect(committees.open()).to.emit(committees, "CommitteeOpened").withArgs(1n);
      await expect(committees.open())
        .to.be.revertedWithCustomError(committees, "Committees_RoomLeft")
        .withArgs(1n, 0n, 8n);
    });

    it("draws the smaller of two committees out of those open at the request (COMMITTEES-5)", async () => {
      const fixture = await networkHelpers.loadFixture(deploy);
      const { committees, beacon } = fixture;
      const people = await ethers.getSigners();
      for (let i = 0; i < 8; i++) await enterAs(fixture, networkHelpers, people[i]!, i + 1);
      await bondUp(fixture, people[8]!);
      await request(fixture, people[8]!, 9);
      await committees.open();
      await fulfil(fixture, networkHelpers, people[8]!);
      await committees.enter(people[8]!.address);
      expect(await committees.seatOf(people[8]!.address)).to.deep.equal([0n, 9n]);

      const sizes = [9, 0];
      for (let i = 9; i < 17; i++) {
        await nextEpoch(networkHelpers);
        await bondUp(fixture, people[i]!);
        await request(fixture, people[i]!, i + 1);
        const draw = await committees.requestOf(people[i]!.address);
        await fulfil(fixture, networkHelpers, people[i]!);
        const expected = drawnCommittee((await beacon.stateOf(draw)).seed, sizes);
        await committees.enter(people[i]!.address);
        expect((await committees.seatOf(people[i]!.address)).committee).to.equal(BigInt(expected));
        sizes[expected]!++;
      }
      expect(sizes[1]).to.be.greaterThan(0);
      expect(await committees.memberCount(1n)).to.equal(BigInt(sizes[1]!));
      const owners = ownersIn(await committees.owners(1n));
      expect(countOf(owners, 0)).to.equal(256 - 32 * Math.min(8, sizes[1]!));
    });
  });

  it("keeps the gas of an entry", async () => {
    const fixture = await networkHelpers.loadFixture(deploy);
    const { committees } = fixture;
    const people = await ethers.getSigners();
    await bondUp(fixture, people[1]!);
    await gas.record("requestEntry", request(fixture, people[1]!, 1));
    await fulfil(fixture, networkHelpers, people[1]!);
    // Where the beacon seats somebody decides how many words of the table are written, and how far the walk through it goes:
    // bounds, no snapshots.
    const first = await (await committees.enter(people[1]!.address)).wait();
    expect(first!.gasUsed).to.be.below(625_000n);
    for (let i = 2; i < 10; i++) await enterAs(fixture, networkHelpers, people[i]!, i);
    const tenth = await (await enterAs(fixture, networkHelpers, people[10]!, 10)).wait();
    expect(tenth!.gasUsed).to.be.below(680_000n);
    await nextEpoch(networkHelpers);
    const resigned = await (await committees.connect(people[4]!).resign()).wait();
    expect(resigned!.gasUsed).to.be.below(580_000n);
  });
});
