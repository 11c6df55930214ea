import { expect } from "chai";
import { ethers as lib, type TypedDataDomain, type TypedDataField } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "MyceliaToken");

const CAP = 21_000_000n * 10n ** 18n;
const FIELDS: TypedDataField[] = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
];
const TRANSFER = { TransferWithAuthorization: FIELDS };
const RECEIVE = { ReceiveWithAuthorization: FIELDS };
const CANCEL = {
  CancelAuthorization: [
    { name: "authorizer", type: "address" },
    { name: "nonce", type: "bytes32" },
  ],
};
const BY_KEY = "(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
const BY_BYTES = "(address,address,uint256,uint256,uint256,bytes32,bytes)";

async function deployToken() {
  // The first account plays the Emission contract.
  const [minter, alice, bob, carol] = await ethers.getSigners();
  const token = await (await ethers.getContractFactory("MyceliaToken")).deploy(minter!.address);
  await token.mint(alice!.address, 1_000n);
  const domain: TypedDataDomain = {
    name: "Mycelia",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await token.getAddress(),
  };
  return { token, domain, minter: minter!, alice: alice!, bob: bob!, carol: carol! };
}

/** An authorisation of 100 wei from Alice to Bob, valid for an hour from now. */
async function authorisation(from: string, to: string, nonce = lib.id("first")) {
  const now = await networkHelpers.time.latest();
  return { from, to, value: 100n, validAfter: BigInt(now - 1), validBefore: BigInt(now + 3600), nonce };
}

type Authorisation = Awaited<ReturnType<typeof authorisation>>;
const args = (a: Authorisation) => [a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce] as const;

describe("MyceliaToken", () => {
  describe("supply", () => {
    it("is named, capped and minted by the minter alone (TOKEN-1)", async () => {
      const { token, minter, alice } = await networkHelpers.loadFixture(deployToken);
      expect(await token.name()).to.equal("Mycelia");
      expect(await token.symbol()).to.equal("MYC");
      expect(await token.cap()).to.equal(CAP);
      await expect(token.connect(alice).mint(alice.address, 1n))
        .to.be.revertedWithCustomError(token, "MyceliaToken_OnlyMinter")
        .withArgs(alice.address, minter.address);
    });

    it("reaches the cap and not one wei more (TOKEN-2)", async () => {
      const { token, bob } = await networkHelpers.loadFixture(deployToken);
      await token.mint(bob.address, CAP - 1_000n);
      expect(await token.totalSupply()).to.equal(CAP);
      await expect(token.mint(bob.address, 1n))
        .to.be.revertedWithCustomError(token, "MyceliaToken_OverCap")
        .withArgs(CAP + 1n, CAP);
    });

    it("refuses to be made without a minter", async () => {
      const { token } = await networkHelpers.loadFixture(deployToken);
      await expect(ethers.deployContract("MyceliaToken", [ethers.ZeroAddress])).to.be.revertedWithCustomError(
        token,
        "MyceliaToken_ZeroMinter",
      );
    });
  });

  describe("votes", () => {
    it("counts on a timestamp clock (TOKEN-3)", async () => {
      const { token, alice, bob } = await networkHelpers.loadFixture(deployToken);
      expect(await token.CLOCK_MODE()).to.equal("mode=timestamp");
      await gas.record("delegate", token.connect(alice).delegate(bob.address));
      const then = await networkHelpers.time.latest();
      expect(await token.clock()).to.equal(BigInt(then));
      await gas.record("transfer", token.connect(alice).transfer(bob.address, 400n));
      expect(await token.getVotes(bob.address)).to.equal(600n);
      expect(await token.getPastVotes(bob.address, then)).to.equal(1_000n);
      expect(await token.getPastTotalSupply(then)).to.equal(1_000n);
    });
  });

  describe("permit", () => {
    it("sets an allowance once", async () => {
      const { token, domain, alice, bob } = await networkHelpers.loadFixture(deployToken);
      const deadline = BigInt(await networkHelpers.time.latest()) + 60n;
      const permit = { owner: alice.address, spender: bob.address, value: 7n, nonce: 0n, deadline };
      const types = {
        Permit: [
          "owner:address",
          "spender:address",
          "value:uint256",
          "nonce:uint256",
          "deadline:uint256",
        ].map((field) => ({ name: field.split(":")[0]!, type: field.split(":")[1]! })),
      };
      const { v, r, s } = lib.Signature.from(await alice.signTypedData(domain, types, permit));
      await token.permit(alice.address, bob.address, 7n, deadline, v, r, s);
      expect(await token.allowance(alice.address, bob.address)).to.equal(7n);
      expect(await token.nonces(alice.address)).to.equal(1n);
      await expect(
        token.permit(alice.address, bob.address, 7n, deadline, v, r, s),
      ).to.be.revertedWithCustomError(token, "ERC2612InvalidSigner");
    });
  });

  describe("transferWithAuthorization", () => {
    it("moves what was signed, submitted by anyone, by either overload", async () => {
      const { token, domain, alice, bob, carol } = await networkHelpers.loadFixture(deployToken);
      const first = await authorisation(alice.address, bob.address);
      const { v, r, s } = lib.Signature.from(await alice.signTypedData(domain, TRANSFER, first));
      const byKey = token.connect(carol)[`transferWithAuthorization${BY_KEY}`];
      const sent = byKey(...args(first), v, r, s);
      await expect(sent).to.emit(token, "AuthorizationUsed").withArgs(alice.address, first.nonce);
      await gas.record("transferWithAuthorization", sent);
      const second = await authorisation(alice.address, bob.address, lib.id("second"));
      const byBytes = token.connect(carol)[`transferWithAuthorization${BY_BYTES}`];
      await byBytes(...args(second), await alice.signTypedData(domain, TRANSFER, second));
      expect(await token.balanceOf(bob.address)).to.equal(200n);
      expect(await token.authorizationState(alice.address, second.nonce)).to.equal(true);
    });

    it("refuses a replay through the same or the other overload (TOKEN-4)", async () => {
      const { token, domain, alice, bob } = await networkHelpers.loadFixture(deployToken);
      const signed = await authorisation(alice.address, bob.address);
      const signature = await alice.signTypedData(domain, TRANSFER, signed);
      const { v, r, s } = lib.Signature.from(signature);
      await token[`transferWithAuthorization${BY_BYTES}`](...args(signed), signature);
      for (const again of [
        () => token[`transferWithAuthorization${BY_BYTES}`](...args(signed), signature),
        () => token[`transferWithAuthorization${BY_KEY}`](...args(signed), v, r, s),
      ]) {
        await expect(again()).to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization");
      }
      expect(await token.balanceOf(bob.address)).to.equal(100n);
    });

    it("refuses a signature of another chain, contract, kind or amount (TOKEN-5)", async () => {
      const { token, domain, alice, bob } = await networkHelpers.loadFixture(deployToken);
      const signed = await authorisation(alice.address, bob.address);
      const foreign = [
        await alice.signTypedData({ ...domain, chainId: 1n }, TRANSFER, signed),
        await alice.signTypedData({ ...domain, verifyingContract: bob.address }, TRANSFER, signed),
        await alice.signTypedData(domain, RECEIVE, signed),
        await alice.signTypedData(domain, TRANSFER, { ...signed, value: 99n }),
        await bob.signTypedData(domain, TRANSFER, signed),
        "0x",
      ];
      for (const signature of foreign) {
        await expect(
          token[`transferWithAuthorization${BY_BYTES}`](...args(signed), signature),
        ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
      }
      expect(await token.authorizationState(alice.address, signed.nonce)).to.equal(false);
    });

    it("refuses the mirrored signature of a spent or unspent one (TOKEN-6)", async () => {
      const { token, domain, alice, bob } = await networkHelpers.loadFixture(deployToken);
      const signed = await authorisation(alice.address, bob.address);
      const { v, r, s } = lib.Signature.from(await alice.signTypedData(domain, TRANSFER, signed));
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const highS = lib.toBeHex(order - BigInt(s), 32);
      const otherV = v === 27 ? 28 : 27;
      await expect(
        token[`transferWithAuthorization${BY_KEY}`](...args(signed), otherV, r, highS),
      ).to.be.revertedWithCustomError(token, "ECDSAInvalidSignatureS");
      const packed = lib.concat([r, highS, lib.toBeHex(otherV, 1)]);
      await expect(
        token[`transferWithAuthorization${BY_BYTES}`](...args(signed), packed),
      ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
    });

    it("is valid strictly between its two timestamps, and block ranges mean nothing", async () => {
      const { token, domain, alice, bob } = await networkHelpers.loadFixture(deployToken);
      const now = BigInt(await networkHelpers.time.latest());
      const blockRange = 1n << 47n;
      for (const [validAfter, validBefore] of [
        [now + 10n, now + 20n],
        [now - 10n, now + 10n],
        [blockRange, blockRange | 1_000_000n],
      ] as const) {
        const signed = {
          ...(await authorisation(alice.address, bob.address)),
          validAfter,
          validBefore,
        };
        const signature = await alice.signTypedData(domain, TRANSFER, signed);
        await networkHelpers.time.setNextBlockTimestamp(now + 10n);
        await expect(token[`transferWithAuthorization${BY_BYTES}`](...args(signed), signature))
          .to.be.revertedWithCustomError(token, "ERC3009InvalidAuthorizationTime")
          .withArgs(validAfter, validBefore);
      }
    });

    it("admits a smart account, and refuses one that answers anything else", async () => {
      const { token, domain, alice, bob } = await networkHelpers.loadFixture(deployToken);
      const wallet = await ethers.deployContract("ContractWallet", [alice.address]);
      const from = await wallet.getAddress();
      await token.connect(alice).transfer(from, 500n);
      const signed = await authorisation(from, bob.address);
      const signature = await alice.signTypedData(domain, TRANSFER, signed);
      const send = token[`transferWithAuthorization${BY_BYTES}`];
      await wallet.getFunction("answerWith")("0xffffffff");
      await expect(send(...args(signed), signature)).to.be.revertedWithCustomError(
        token,
        "ERC3009InvalidSignature",
      );
      await wallet.getFunction("answerWith")("0x1626ba7e");
      await send(...args(signed), signature);
      expect(await token.balanceOf(bob.address)).to.equal(100n);
    });
  });

  describe("receiveWithAuthorization", () => {
    it("is submitted by the payee alone (TOKEN-7)", async () => {
      const { token, domain, alice, bob, carol } = await networkHelpers.loadFixture(deployToken);
      const signed = await authorisation(alice.address, bob.address);
      const signature = await alice.signTypedData(domain, RECEIVE, signed);
      const { v, r, s } = lib.Signature.from(signature);
      for (const stolen of [
        () => token.connect(carol)[`receiveWithAuthorization${BY_BYTES}`](...args(signed), signature),
        () => token.connect(carol)[`receiveWithAuthorization${BY_KEY}`](...args(signed), v, r, s),
      ]) {
        await expect(stolen())
          .to.be.revertedWithCustomError(token, "ERC20InvalidReceiver")
          .withArgs(bob.address);
      }
      await token.connect(bob)[`receiveWithAuthorization${BY_BYTES}`](...args(signed), signature);
      expect(await token.balanceOf(bob.address)).to.equal(100n);
    });
  });

  describe("cancelAuthorization", () => {
    it("voids a nonce for good, by its owner's signature alone", async () => {
      const { token, domain, alice, bob } = await networkHelpers.loadFixture(deployToken);
      const signed = await authorisation(alice.address, bob.address);
      const order = { authorizer: alice.address, nonce: signed.nonce };
      const cancel = token["cancelAuthorization(address,bytes32,bytes)"];
      await expect(
        cancel(alice.address, signed.nonce, await bob.signTypedData(domain, CANCEL, order)),
      ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
      await expect(cancel(alice.address, signed.nonce, await alice.signTypedData(domain, CANCEL, order)))
        .to.emit(token, "AuthorizationCanceled")
        .withArgs(alice.address, signed.nonce);
      await expect(
        token[`transferWithAuthorization${BY_BYTES}`](
          ...args(signed),
          await alice.signTypedData(domain, TRANSFER, signed),
        ),
      ).to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization");
    });
  });
});
