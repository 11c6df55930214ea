import { expect } from "chai";
import {
  encodeBytes32String,
  keccak256,
  type Signer,
  TypedDataEncoder,
  verifyTypedData,
  ZeroAddress,
} from "ethers";
import { network } from "hardhat";
import { UNBOND_DELAY } from "../core/fixtures.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployStorage, NODE_BOND } from "./fixtures.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Committee");

const URL_A = "http://127.0.0.1:9000";
const NAME = encodeBytes32String("Committee");
const BOND = encodeBytes32String("storage.nodeBond");
const DAY = 86_400;

const deploy = () => deployStorage(ethers);
type Storage = Awaited<ReturnType<typeof deploy>>;

/** Bonds `bond` wei of `operator` in the committee. */
async function bondUp({ token, bonds, committee }: Storage, operator: Signer, bond = NODE_BOND) {
  const address = await operator.getAddress();
  await token.mint(address, bond);
  await token.connect(operator).approve(await bonds.getAddress(), bond);
  await bonds.connect(operator).deposit(address, bond);
  await bonds.connect(operator).allocate(await committee.getAddress(), bond);
}

async function joinAs(storage: Storage, operator: Signer, signer?: string) {
  await bondUp(storage, operator);
  return storage.committee.connect(operator).join(signer ?? (await operator.getAddress()), URL_A);
}

async function joinFirst(storage: Storage, count: number) {
  const operators = (await ethers.getSigners()).slice(0, count);
  for (const operator of operators) await joinAs(storage, operator);
  return operators;
}

/** The accounts that Hardhat knows are too few for a full roster. */
async function impersonate(number: number) {
  const address = ethers.getAddress(`0x${(0x1000_0000 + number).toString(16).padStart(40, "0")}`);
  await networkHelpers.setBalance(address, 10n ** 18n);
  return ethers.getImpersonatedSigner(address);
}

/** Owner of each slot, read as the interface says. */
async function ownersOf({ committee }: Storage): Promise<number[]> {
  const words = await committee.owners();
  return Array.from({ length: 256 }, (_, s) => Number((words[s >> 5]! >> BigInt(8 * (s & 31))) & 0xffn));
}

const countOf = (owners: number[], member: number) => owners.filter((owner) => owner === member).length;

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

  describe("leaving", () => {
    it("hands slots to the smallest holders, or to nobody below eight members (COMMITTEE-2)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee } = storage;
      const operators = await joinFirst(storage, 10);
      const sent = await committee.connect(operators[3]!).resign();
      await expect(sent).to.emit(committee, "MemberLeft").withArgs(4n, operators[3]!.address);
      let owners = await ownersOf(storage);
      expect(countOf(owners, 4)).to.equal(0);
      for (const member of [1, 2, 3, 5, 6, 7, 8, 9, 10]) expect(countOf(owners, member)).to.be.within(28, 29);

      for (const gone of [0, 9]) await committee.connect(operators[gone]!).resign();
      owners = await ownersOf(storage);
      for (const member of [2, 3, 5, 6, 7, 8, 9]) expect(countOf(owners, member)).to.equal(32);
      expect(countOf(owners, 0)).to.equal(32);
      expect(await committee.memberCount()).to.equal(7n);
    });

    it("keeps the record of who left, and its number for it (COMMITTEE-5)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee } = storage;
      const operators = await joinFirst(storage, 3);
      const fresh = (await ethers.getSigners())[5]!;
      await committee.connect(operators[1]!).resign();
      const left = await committee.memberAt(2);
      expect(left.operator).to.equal(operators[1]!.address);
      expect(left.leftAt).to.equal(await networkHelpers.time.latest());
      expect(left.slots).to.equal(0n);
      expect(await committee.memberOf(operators[1]!.address)).to.equal(0n);
      await expect(committee.connect(operators[1]!).resign()).to.be.revertedWithCustomError(
        committee,
        "Committee_NotMember",
      );

      await joinAs(storage, fresh);
      expect(await committee.memberOf(fresh.address)).to.equal(4n);
      await expect(committee.connect(operators[1]!).join(fresh.address, URL_A)).to.be.revertedWithCustomError(
        committee,
        "Committee_InvalidSigner",
      );
      await committee.connect(operators[1]!).join(operators[1]!.address, URL_A);
      expect(await committee.memberOf(operators[1]!.address)).to.equal(2n);
      expect((await committee.memberAt(2)).leftAt).to.equal(0n);
    });

    it("gives a number to another only after the unbonding delay (COMMITTEE-5)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee } = storage;
      for (let number = 1; number <= 255; number++) await joinAs(storage, await impersonate(number));
      expect(await committee.memberCount()).to.equal(255n);
      const next = await impersonate(256);
      await bondUp(storage, next);
      const join = () => committee.connect(next).join(next.address, URL_A);
      await expect(join()).to.be.revertedWithCustomError(committee, "Committee_Full").withArgs(255n);

      const leaver = await impersonate(77);
      await committee.connect(leaver).resign();
      const leftAt = BigInt(await networkHelpers.time.latest());
      await networkHelpers.time.setNextBlockTimestamp(leftAt + UNBOND_DELAY);
      await expect(join()).to.be.revertedWithCustomError(committee, "Committee_Full").withArgs(254n);
      await networkHelpers.time.setNextBlockTimestamp(leftAt + UNBOND_DELAY + 1n);
      await gas.record("join as the 255th on a used number", join());
      expect(await committee.memberOf(next.address)).to.equal(77n);
      expect(await committee.memberOf(leaver.address)).to.equal(0n);
      await expect(committee.connect(leaver).join(leaver.address, URL_A)).to.be.revertedWithCustomError(
        committee,
        "Committee_Full",
      );
      await gas.record("resign from 255", committee.connect(await impersonate(200)).resign());
    });
  });

  describe("evict", () => {
    it("removes whoever took bond away, by anyone's hand (COMMITTEE-6)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee, bonds, operator, other } = storage;
      await joinAs(storage, operator);
      await expect(committee.connect(other).evict(operator.address))
        .to.be.revertedWithCustomError(committee, "Committee_SufficientBond")
        .withArgs(operator.address, NODE_BOND, NODE_BOND);
      await bonds.connect(operator).unbond(await committee.getAddress(), 1n);
      await expect(committee.connect(other).evict(operator.address))
        .to.emit(committee, "MemberLeft")
        .withArgs(1n, operator.address);
      expect(countOf(await ownersOf(storage), 0)).to.equal(256);
      await expect(committee.evict(operator.address)).to.be.revertedWithCustomError(
        committee,
        "Committee_NotMember",
      );
    });

    it("goes by the bond of the joining day, or today's if that is less (COMMITTEE-6)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee, bonds, parameters, operator, other } = storage;
      await joinAs(storage, operator);
      await parameters.set(BOND, 2n * NODE_BOND);
      await networkHelpers.time.increase(DAY);
      await expect(committee.evict(operator.address))
        .to.be.revertedWithCustomError(committee, "Committee_SufficientBond")
        .withArgs(operator.address, NODE_BOND, NODE_BOND);
      await bondUp(storage, other);
      await expect(committee.connect(other).join(other.address, URL_A))
        .to.be.revertedWithCustomError(committee, "Committee_InsufficientBond")
        .withArgs(other.address, NODE_BOND, 2n * NODE_BOND);

      await parameters.set(BOND, NODE_BOND / 2n);
      await networkHelpers.time.increase(DAY);
      await bonds.connect(operator).unbond(await committee.getAddress(), NODE_BOND / 2n);
      await expect(committee.evict(operator.address)).to.be.revertedWithCustomError(
        committee,
        "Committee_SufficientBond",
      );
      await bonds.connect(operator).unbond(await committee.getAddress(), 1n);
      await committee.evict(operator.address);
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
