import { aggregatePublicKeys, aggregateSignatures } from "@chainsafe/blst";
import { expect } from "chai";
import { getBytes, id } from "ethers";
import { network } from "hardhat";
import { encodeKey, encodeSignature } from "../../../keepers/runtime/bls/points.ts";
import { type BLSProbe, keyOf, secretOf, sign } from "./blsSigners.ts";

const { ethers, networkHelpers } = await network.create();
const deploy = async () => (await ethers.deployContract("BLSProbe")) as unknown as BLSProbe;

const DIGEST = id("a batch");

describe("BLS", () => {
  it("passes what blst signs, alone and together (BLS-1)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const secrets = [1, 2, 3].map(secretOf);
    for (const secret of secrets) {
      expect(await probe.isValidKey(keyOf(secret))).to.equal(true);
      expect(await probe.verify(keyOf(secret), DIGEST, sign(secret, DIGEST))).to.equal(true);
    }
    const sum = encodeKey(aggregatePublicKeys(secrets.map((secret) => secret.toPublicKey())));
    const together = aggregateSignatures(secrets.map((secret) => secret.sign(getBytes(DIGEST))));
    expect(await probe.verify(sum, DIGEST, encodeSignature(together))).to.equal(true);
    expect(await probe.verify(sum, DIGEST, sign(secrets[0]!, DIGEST))).to.equal(false);
  });
});
