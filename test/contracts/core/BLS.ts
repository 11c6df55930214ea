import { aggregatePublicKeys, aggregateSignatures, SecretKey, verify } from "@chainsafe/blst";
import { expect } from "chai";
import { getBytes, hexlify, id } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { encodeKey, encodeSignature, type G1Point } from "../../../keepers/runtime/bls/points.ts";
import { INFINITY_G1, wordsOf } from "./blsPoints.ts";
import { type BLSProbe, keyOf, secretOf, sign } from "./blsSigners.ts";

const { ethers, networkHelpers } = await network.create();
const deploy = async () => (await ethers.deployContract("BLSProbe")) as unknown as BLSProbe;

const DIGEST = id("a batch");

/** Of the consensus layer's tests for this suite. */
const VECTORS = [
  {
    secret: "0x263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3",
    message: `0x${"56".repeat(32)}`,
    signature:
      "0x882730e5d03f6b42c3abc26d3372625034e1d871b65a8a6b900a56dae22da98abbe1b68f85e49fe7652a55ec3d0591c20767677e33e5cbb1207315c41a9ac03be39c2e7668edc043d6cb1d9fd93033caa8a1c5b0e84bedaeb6c64972503a43eb",
  },
  {
    secret: "0x328388aff0d4a5b7dc9205abd374e7e98f3cd9f3418edb4eafda5fb16473d216",
    message: `0x${"ab".repeat(32)}`,
    signature:
      "0xae82747ddeefe4fd64cf9cedb9b04ae3e8a43420cd255e3c7cd06a8d88b7c7f8638543719981c5d16fa3527c468c25f0026704a6951bde891360c7e8d12ddee0559004ccdbe6046b55bae1b257ee97f7cdb955773d7cf29adf3ccbb9975e4eb9",
  },
];

const point = ([x0, x1, y0, y1]: readonly string[]): G1Point => ({ x0: x0!, x1: x1!, y0: y0!, y1: y1! });

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

  for (const { secret, message, signature } of VECTORS) {
    it(`passes the published signature of ${message.slice(0, 6)}… (BLS-1)`, async () => {
      const probe = await networkHelpers.loadFixture(deploy);
      const key = SecretKey.fromHex(secret);
      expect(hexlify(key.sign(getBytes(message)).toBytes())).to.equal(signature);
      expect(await probe.verify(keyOf(key), message, sign(key, message))).to.equal(true);
    });
  }

  it("hashes to the point that blst hashes to (BLS-2)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    // Under the secret 1 a signature is the hash itself.
    const one = SecretKey.fromHex(`0x${"1".padStart(64, "0")}`);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (message) => {
        const [words] = await probe.hashToG2(hexlify(message));
        expect([...words!]).to.deep.equal(encodeSignature(one.sign(message)).words);
      }),
      { numRuns: 30 },
    );
  });

  it("adds and negates as blst does (BLS-3)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    for (let i = 1; i <= 12; i++) {
      const [a, b] = [secretOf(i).toPublicKey(), secretOf(i + 1).toPublicKey()];
      const sum = encodeKey(aggregatePublicKeys([a, b]));
      expect([...(await probe.add(encodeKey(a), encodeKey(b)))]).to.deep.equal(wordsOf(sum));
      const minus = point(await probe.negate(encodeKey(a)));
      expect([...(await probe.add(sum, minus))]).to.deep.equal(wordsOf(encodeKey(b)));
      expect([...(await probe.add(encodeKey(a), minus))]).to.deep.equal(wordsOf(INFINITY_G1));
      expect([...(await probe.add(encodeKey(a), INFINITY_G1))]).to.deep.equal(wordsOf(encodeKey(a)));
    }
    expect([...(await probe.negate(INFINITY_G1))]).to.deep.equal(wordsOf(INFINITY_G1));
  });

  it("judges random signers, digests and lies as blst does (BLS-1, BLS-4)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const signers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    const lie = fc.constantFrom("none", "none", "digest", "signer left out", "signer too many");
    await fc.assert(
      fc.asyncProperty(digest, digest, signers, lie, async (message, other, chosen, kind) => {
        const secrets = chosen.map(secretOf);
        const named = kind === "signer too many" ? [...secrets, secretOf(41)] : secrets;
        const signing = kind === "signer left out" ? [...secrets, secretOf(42)] : secrets;
        const signed = kind === "digest" ? other : message;
        const key = aggregatePublicKeys(named.map((secret) => secret.toPublicKey()));
        const signature = aggregateSignatures(signing.map((secret) => secret.sign(signed)));
        const judged = await probe.verify(encodeKey(key), hexlify(message), encodeSignature(signature));
        expect(judged).to.equal(verify(message, key, signature, true, true));
        expect(judged).to.equal(
          kind === "none" || (kind === "digest" && hexlify(message) === hexlify(other)),
        );
      }),
      { numRuns: 60 },
    );
  });
});
