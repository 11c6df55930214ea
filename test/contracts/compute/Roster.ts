import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import { claimed } from "./conversation.ts";
import { begun } from "./courtroom.ts";
import { bond, deployMarket, MYC, networkHelpers, setParameter } from "./market.ts";

const { loadFixture } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Audits");

describe("Roster", () => {
  it("takes whoever has the bond, once (AUDIT-10)", async () => {
    const market = await loadFixture(deployMarket);
    const { audits, stranger, verifiers } = market;
    const asStranger = audits.connect(stranger);
    await expect(asStranger.enlist(stranger.address))
      .to.be.revertedWithCustomError(audits, "Audits_InsufficientBond")
      .withArgs(stranger.address, 0n, 50n * MYC);
    await bond(market, stranger, audits, 50n * MYC);
    await expect(asStranger.enlist(ZeroAddress)).to.be.revertedWithCustomError(
      audits,
      "Audits_InvalidSigner",
    );
    await expect(asStranger.enlist(verifiers[0]!.address))
      .to.be.revertedWithCustomError(audits, "Audits_SignerTaken")
      .withArgs(verifiers[0]!.address, verifiers[0]!.address);
    const enlisting = asStranger.enlist(stranger.address);
    await expect(enlisting)
      .to.emit(audits, "VerifierEnlisted")
      .withArgs(stranger.address, stranger.address, 5n);
    await gas.record("enlist", enlisting);
    await expect(asStranger.enlist(stranger.address))
      .to.be.revertedWithCustomError(audits, "Audits_AlreadyEnlisted")
      .withArgs(stranger.address);
    expect(await audits.rosterLength()).to.equal(6n);
  });

  it("lets go whoever wants to (AUDIT-10)", async () => {
    const market = await loadFixture(deployMarket);
    const { audits, verifiers, stranger } = market;
    await expect(audits.connect(verifiers[1]!).resign())
      .to.emit(audits, "VerifierResigned")
      .withArgs(verifiers[1]!.address);
    await expect(audits.connect(verifiers[1]!).resign())
      .to.be.revertedWithCustomError(audits, "Audits_NotEnlisted")
      .withArgs(verifiers[1]!.address);
    await expect(audits.connect(stranger).resign()).to.be.revertedWithCustomError(
      audits,
      "Audits_NotEnlisted",
    );
    expect(await audits.rosterLength()).to.equal(4n);
    await expect(audits.connect(verifiers[1]!).enlist(stranger.address))
      .to.emit(audits, "VerifierEnlisted")
      .withArgs(verifiers[1]!.address, stranger.address, 4n);
    expect(await audits.verifierOf(verifiers[1]!.address)).to.equal(ZeroAddress);
    expect(await audits.verifierOf(stranger.address)).to.equal(verifiers[1]!.address);
  });

  it("lets anyone evict who can't pay for an absence (AUDIT-10)", async () => {
    const market = await loadFixture(deployMarket);
    const { audits, bonds, verifiers, stranger } = market;
    const idle = verifiers[2]!;
    await bonds.connect(idle).unbond(audits, 49n * MYC);
    await expect(audits.connect(stranger).evict(idle.address))
      .to.be.revertedWithCustomError(audits, "Audits_StillBonded")
      .withArgs(idle.address, MYC, MYC);
    await bonds.connect(idle).unbond(audits, 1n);
    await expect(audits.connect(stranger).evict(idle.address))
      .to.emit(audits, "VerifierResigned")
      .withArgs(idle.address);
    await expect(audits.evict(stranger.address)).to.be.revertedWithCustomError(audits, "Audits_NotEnlisted");
  });

  it("has no holes for a diluter to make (AUDIT-3)", async () => {
    const market = await loadFixture(deployMarket);
    const { audits, stranger, verifiers } = market;
    await setParameter(market, "audits.maxSample", 1n);
    await bond(market, stranger, audits, 50n * MYC);
    for (let i = 0; i < 60; i++) {
      await audits.connect(stranger).enlist(stranger.address);
      await audits.connect(stranger).resign();
    }
    expect(await audits.rosterLength()).to.equal(5n);
    const { claim } = await claimed(market);
    await begun(market, claim);
    const { committee } = await audits.get(claim);
    expect(new Set(committee).size).to.equal(3);
    for (const seat of committee) expect(verifiers.map(({ address }) => address)).to.include(seat);
  });

  it("draws from the roster of the claim, however it is shuffled after (AUDIT-3)", async () => {
    const market = await loadFixture(deployMarket);
    const { audits, verifiers, crowd } = market;
    const { claim } = await claimed(market);
    const quiet = await networkHelpers.takeSnapshot();
    await begun(market, claim);
    const undisturbed = [...(await audits.get(claim)).committee].length;
    await quiet.restore();
    for (const account of crowd.slice(6, 10)) {
      await bond(market, account, audits, 50n * MYC);
      await audits.connect(account).enlist(account.address);
    }
    for (const verifier of verifiers) await audits.connect(verifier).resign();
    await begun(market, claim);
    const { committee } = await audits.get(claim);
    expect(committee.length).to.equal(undisturbed);
    for (const seat of committee) expect(verifiers.map(({ address }) => address)).to.include(seat);
  });
});
