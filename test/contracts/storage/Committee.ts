import { expect } from "chai";
import { encodeBytes32String, keccak256, TypedDataEncoder, verifyTypedData, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployStorage, NODE_BOND } from "./fixtures.ts";
import { bondUp, countOf, joinAs, ownersOf, URL_A } from "./seats.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Committee");

const NAME = encodeBytes32String("Committee");

const deploy = () => deployStorage(ethers);

describe("Committee", () => {
  describe("join", () => {
    it("seats a bonded operator on one eighth (COMMITTEE-1)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee, operator, other } = storage;
      await bondUp(storage, operator);
      const sent = await committee.connect(operator).join(other.address, URL_A);
      await expect(sent)
        .to.emit(committee, "MemberJoined")
        .withArgs(1n, operator.address, other.address, URL_A);
      await expect(sent)
        .to.emit(committee, "SlotsAssigned")
        .withArgs(await committee.owners());
      expect(await committee.memberAt(1)).to.deep.equal([operator.address, other.address, 32n, 0n, URL_A]);
      expect(await committee.memberOf(operator.address)).to.equal(1n);
      expect(await committee.operatorOf(other.address)).to.equal(operator.address);
      expect(await committee.memberCount()).to.equal(1n);
      expect(countOf(await ownersOf(storage), 1)).to.equal(32);
    });

    it("shares evenly, and moves only the joiner's slots (COMMITTEE-2, COMMITTEE-3)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const signers = await ethers.getSigners();
      let before = await ownersOf(storage);
      for (let members = 1; members <= 12; members++) {
        await joinAs(storage, signers[members]!);
        const owners = await ownersOf(storage);
        const moved = owners.filter((owner, slot) => owner !== before[slot]);
        const share = Math.min(32, Math.floor(256 / members));
        expect(moved).to.deep.equal(new Array(share).fill(members));
        expect(countOf(owners, 0)).to.equal(Math.max(0, 256 - 32 * members));
        for (let member = 1; member <= members; member++) {
          expect(countOf(owners, member)).to.be.within(share, Math.min(32, share + 1));
        }
        before = owners;
      }
      for (const slot of [0, 31, 32, 200, 255])
        expect(await storage.committee.ownerOf(slot)).to.equal(before[slot]);
    });

    it("refuses a second seat, a thin bond, a bad signer and a stopped committee (COMMITTEE-1)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee, operator, other, modules } = storage;
      const asOther = committee.connect(other);
      await joinAs(storage, operator);
      await expect(committee.connect(operator).join(operator.address, URL_A))
        .to.be.revertedWithCustomError(committee, "Committee_AlreadyMember")
        .withArgs(operator.address);

      await bondUp(storage, other, NODE_BOND - 1n);
      await expect(asOther.join(other.address, URL_A))
        .to.be.revertedWithCustomError(committee, "Committee_InsufficientBond")
        .withArgs(other.address, NODE_BOND - 1n, NODE_BOND);
      await bondUp(storage, other, 1n);
      for (const signer of [ZeroAddress, operator.address]) {
        await expect(asOther.join(signer, URL_A))
          .to.be.revertedWithCustomError(committee, "Committee_InvalidSigner")
          .withArgs(signer);
      }
      await modules.stop(NAME, 1n);
      await expect(asOther.join(other.address, URL_A)).to.be.revertedWithCustomError(
        committee,
        "Committee_NewBusinessStopped",
      );
      // Leaving stays open.
      await committee.connect(operator).resign();
    });

    it("takes http(s) URLs of printable ASCII, and nothing else (COMMITTEE-4)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee, operator } = storage;
      await joinAs(storage, operator);
      const asMember = committee.connect(operator);
      const rest = "a".repeat(200 - "http://".length);
      for (const endpoint of ["https://node.example:1/a", "http://a", `http://${rest}`]) {
        await expect(asMember.setEndpoint(endpoint))
          .to.emit(committee, "EndpointChanged")
          .withArgs(1n, endpoint);
        expect((await committee.memberAt(1)).endpoint).to.equal(endpoint);
      }
      const bad = [
        "",
        "http://",
        "https://",
        "ftp://a",
        "HTTP://a",
        "http:/a",
        "http://a b",
        "http://a\n",
        "http://ä",
      ];
      for (const endpoint of [...bad, "http://a\u007f", `http://${rest}a`]) {
        await expect(asMember.setEndpoint(endpoint))
          .to.be.revertedWithCustomError(committee, "Committee_InvalidEndpoint")
          .withArgs(endpoint);
      }
      await expect(committee.setEndpoint(URL_A)).to.be.revertedWithCustomError(
        committee,
        "Committee_NotMember",
      );
    });
  });

  it("digests a receipt as wallets sign it (COMMITTEE-7)", async () => {
    const { committee, operator } = await networkHelpers.loadFixture(deploy);
    const domain = {
      name: "Mycelia Committee",
      version: "1",
      chainId: (await ethers.provider.getNetwork()).chainId,
      verifyingContract: await committee.getAddress(),
    };
    const types = {
      SegmentReceipt: [
        { name: "commitment", type: "bytes32" },
        { name: "k", type: "uint32" },
        { name: "n", type: "uint32" },
        { name: "rowSize", type: "uint32" },
        { name: "slots", type: "uint256" },
      ],
    };
    const receipt = { commitment: keccak256("0x02"), k: 128, n: 384, rowSize: 8192, slots: 2n ** 255n + 5n };
    const digest = await committee.receiptDigest(receipt.commitment, 128, 384, 8192, receipt.slots);
    expect(digest).to.equal(TypedDataEncoder.hash(domain, types, receipt));
    const signature = await operator.signTypedData(domain, types, receipt);
    expect(verifyTypedData(domain, types, receipt, signature)).to.equal(operator.address);
  });

  it("keeps the gas of a change bounded", async () => {
    const storage = await networkHelpers.loadFixture(deploy);
    const signers = await ethers.getSigners();
    await gas.record("join as the first", joinAs(storage, signers[0]!));
    for (let i = 1; i < 9; i++) await joinAs(storage, signers[i]!);
    await gas.record("join as the 10th", joinAs(storage, signers[9]!));
    await gas.record("resign from 10", storage.committee.connect(signers[4]!).resign());
    await gas.record("join again", storage.committee.connect(signers[4]!).join(signers[4]!.address, URL_A));
  });
});
