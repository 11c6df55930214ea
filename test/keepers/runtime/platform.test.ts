import { randomBytes } from "node:crypto";
import { SecretKey } from "@chainsafe/blst";
import { expect } from "chai";
import { SigningKey } from "ethers";
import fc from "fast-check";
import * as browserRows from "../../../keepers/coding/rowHashes.browser.ts";
import * as nodeRows from "../../../keepers/coding/rowHashes.ts";
import * as browserBls from "../../../keepers/runtime/platform/bls.browser.ts";
import * as nodeBls from "../../../keepers/runtime/platform/bls.ts";
import * as browser from "../../../keepers/runtime/platform/bytes.browser.ts";
import * as node from "../../../keepers/runtime/platform/bytes.ts";
import * as browserCipher from "../../../keepers/runtime/platform/cipher.browser.ts";
import * as nodeCipher from "../../../keepers/runtime/platform/cipher.ts";
import * as browserHashes from "../../../keepers/runtime/platform/hashes.browser.ts";
import * as nodeHashes from "../../../keepers/runtime/platform/hashes.ts";
import * as browserCurve from "../../../keepers/runtime/platform/secp256k1.browser.ts";
import * as nodeCurve from "../../../keepers/runtime/platform/secp256k1.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const text = fc.string({ unit: "binary" });

/** Equal as bytes, whatever kind of array holds them. */
function same(found: Uint8Array | null | undefined, wanted: Uint8Array | null | undefined): void {
  expect(found && Buffer.from(found).toString("hex")).to.equal(wanted && Buffer.from(wanted).toString("hex"));
}

/** Callers take a refusal for what it is, in whichever way it comes. */
function keyOrNothing(recover: () => Uint8Array | null): Uint8Array | null {
  try {
    return recover();
  } catch {
    return null;
  }
}

describe("platform: browsers do what node does", () => {
  it("with bytes (property)", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        same(browser.concatBytes([a, b, a]), node.concatBytes([a, b, a]));
        expect(browser.compareBytes(a, b)).to.equal(node.compareBytes(a, b));
        expect(browser.sameBytes(a, b)).to.equal(node.sameBytes(a, b));
        expect(browser.sameBytes(a, Uint8Array.from(a))).to.equal(true);
        expect(browser.hexOf(a)).to.equal(node.hexOf(a));
        same(browser.fromHex(node.hexOf(a)), a);
        expect(browser.base64Of(a)).to.equal(node.base64Of(a));
        same(browser.fromBase64(node.base64Of(a)), a);
        expect(browser.base64UrlOf(a)).to.equal(node.base64UrlOf(a));
        same(browser.fromBase64Url(node.base64UrlOf(a)), a);
        expect(browser.textOf(a), "bytes that may be no text").to.equal(node.textOf(a));
      }),
    );
  });

  it("with text, lone surrogates and marks of byte order included (property)", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.constantFrom("\ud800", "a\udc00b", "\ufeffx", "")), (word) => {
        same(browser.utf8(word), node.utf8(word));
        expect(browser.textOf(node.utf8(word))).to.equal(node.textOf(node.utf8(word)));
      }),
    );
  });

  it("with more bytes than a call has arguments", () => {
    const many = randomBytes(200_001);
    expect(browser.base64Of(many)).to.equal(node.base64Of(many));
  });

  it("with hashes (property)", () => {
    fc.assert(
      fc.property(bytes, bytes, key, fc.integer({ min: 1, max: 80 }), (a, b, secret, length) => {
        same(browserHashes.sha256(a), nodeHashes.sha256(a));
        same(browserHashes.sha256Of([a, b]), nodeHashes.sha256Of([a, b]));
        same(browserHashes.hmacSha256(secret, a, b), nodeHashes.hmacSha256(secret, a, b));
        same(browserHashes.hkdfSha256(secret, a, b, length), nodeHashes.hkdfSha256(secret, a, b, length));
        const [one, other] = [new Uint8Array(40), Buffer.alloc(40)];
        browserHashes.writeSha256(a, one, 5);
        nodeHashes.writeSha256(a, other, 5);
        same(one, other);
      }),
    );
    expect(browserHashes.freshBytes(32)).to.have.length(32);
    expect(browser.hexOf(browserHashes.freshBytes(32))).not.to.equal(
      browser.hexOf(browserHashes.freshBytes(32)),
    );
  });

  it("with rows of a segment, of every length that rows have and one that none has (property)", () => {
    const length = fc.oneof(
      fc.integer({ min: 1, max: 2_200 }),
      fc.constantFrom(55, 56, 64, 1_025, 2_049, 2_103, 2_104),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 150 }), length, fc.nat(40), (count, bytesEach, at) => {
        const all = randomBytes(count * bytesEach);
        const one = new Uint8Array(bytesEach);
        const messages = {
          ...{ count, length: bytesEach },
          at(index: number) {
            one.set(all.subarray(index * bytesEach, (index + 1) * bytesEach));
            return one;
          },
        };
        const [found, wanted] = [Buffer.alloc(at + 32 * count), Buffer.alloc(at + 32 * count)];
        browserRows.writeHashes(messages, found, at);
        nodeRows.writeHashes(messages, wanted, at);
        same(found, wanted);
      }),
    );
  });

  it("with ciphers, one opening what the other has sealed and nothing else (property)", async () => {
    const nonce = fc.uint8Array({ minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(key, nonce, bytes, bytes, fc.nat(), async (secret, number, plain, beside, where) => {
        const [one, other] = [browserCipher.createCipher(secret), nodeCipher.createCipher(secret)];
        const sealed = await one.seal(number, plain, beside);
        same(sealed, await other.seal(number, plain, beside));
        same(await one.open(number, sealed, beside), plain);
        same(await other.open(number, sealed, beside), plain);
        const changed = Uint8Array.from(sealed);
        changed[where % changed.length]! ^= 1;
        expect(await one.open(number, changed, beside)).to.equal(undefined);
        expect(await one.open(number, sealed.subarray(1), beside)).to.equal(undefined);
      }),
    );
  });

  it("with signatures of accounts, also those that no key can have made (property)", () => {
    const digest = key;
    fc.assert(
      fc.property(
        digest,
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.boolean(),
        (about, noise, odd) => {
          const { r, s, yParity } = new SigningKey(randomBytes(32)).sign(about);
          const signature = Buffer.concat([node.fromHex(r.slice(2)), node.fromHex(s.slice(2))]);
          const found = browserCurve.recoverKey(about, signature, yParity);
          same(found, nodeCurve.recoverKey(about, signature, yParity));
          // The upper half of s is refused where signatures are read, and only r may be anything.
          const lower = Buffer.concat([noise.subarray(0, 32), node.fromHex(s.slice(2))]);
          const judged = (recover: typeof nodeCurve.recoverKey) =>
            keyOrNothing(() => recover(about, lower, odd ? 1 : 0));
          same(judged(browserCurve.recoverKey), judged(nodeCurve.recoverKey));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("with receipts of members: keys, signatures, their sums, and what is none", () => {
    const message = randomBytes(32);
    const members = Array.from({ length: 3 }, () => SecretKey.fromKeygen(randomBytes(32)));
    const keys = members.map((member) => member.toPublicKey().toBytes(false));
    const signatures = members.map((member) => member.sign(message).toBytes(false));
    const [own, theirs] = [keys.map(browserBls.blsKeyFrom), keys.map(nodeBls.blsKeyFrom)];
    const read = signatures.map(browserBls.blsSignatureFrom);
    own.forEach((point, i) => {
      same(browserBls.bytesOfPoint(point), nodeBls.bytesOfPoint(theirs[i]!));
      expect(browserBls.isSignedBy(message, point, read[i]!)).to.equal(true);
      expect(browserBls.isSignedBy(message, point, read[(i + 1) % 3]!)).to.equal(false);
      expect(browserBls.isSignedBy(randomBytes(32), point, read[i]!)).to.equal(false);
    });
    const sum = nodeBls.aggregate(signatures.map(nodeBls.blsSignatureFrom));
    same(browserBls.bytesOfPoint(browserBls.aggregate(read)), nodeBls.bytesOfPoint(sum));
    const infinity = (length: number) => Uint8Array.from({ length }, (_, at) => (at === 0 ? 0x40 : 0));
    const broken = [
      keys[0]!.with(95, keys[0]![95]! ^ 1),
      new Uint8Array(96),
      infinity(96),
      new Uint8Array(95),
    ];
    for (const { blsKeyFrom } of [nodeBls, browserBls])
      for (const point of broken) expect(() => blsKeyFrom(point)).to.throw();
    const bad = [signatures[0]!.with(191, signatures[0]![191]! ^ 1), new Uint8Array(192), new Uint8Array(10)];
    for (const { blsSignatureFrom } of [nodeBls, browserBls])
      for (const point of bad) expect(() => blsSignatureFrom(point)).to.throw();
  });
});
