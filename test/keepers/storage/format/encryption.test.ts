import { createHash, createHmac, randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  CHUNK_BYTES,
  Decryptor,
  decrypt,
  ENCRYPTION_HEADER_BYTES,
  encrypt,
  KEY_BYTES,
  keyId,
  plainBytes,
  saltOfContent,
  sealedBytes,
  sealedRange,
} from "../../../../keepers/storage/format/encryption.ts";
import { codeOf, codeOfRejection } from "../codes.ts";

const SEALED = CHUNK_BYTES + 16;
const KEY = randomBytes(KEY_BYTES);

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

const seal = (plain: Uint8Array) => collect(encrypt([plain], KEY));
/** What comes out before the end or the error. */
async function opened(sealed: Uint8Array, key: Uint8Array = KEY): Promise<{ out: Buffer; code: string }> {
  const parts: Uint8Array[] = [];
  const code = await codeOfRejection(
    (async () => {
      for await (const part of decrypt([sealed], key)) parts.push(part);
    })(),
  );
  return { out: Buffer.concat(parts), code };
}

describe("storage: encryption", () => {
  it("gives back every size around a chunk's borders, however the streams are cut", async () => {
    for (const size of [1, 255, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_001]) {
      const plain = randomBytes(size);
      const sealed = await collect(encrypt([plain.subarray(0, size >> 1), plain.subarray(size >> 1)], KEY));
      expect(sealed.length, String(size)).to.equal(sealedBytes(size));
      expect(plainBytes(sealed.length)).to.equal(size);
      const pieces = [sealed.subarray(0, 3), sealed.subarray(3, 60), sealed.subarray(60)];
      expect((await collect(decrypt(pieces, KEY))).equals(plain), String(size)).to.equal(true);
    }
    expect(await codeOfRejection(seal(new Uint8Array()))).to.equal("storage/empty-object");
  });

  it("opens any range out of its own chunks only", async () => {
    const plain = randomBytes(3 * CHUNK_BYTES + 77);
    const sealed = await seal(plain);
    const opener = new Decryptor(sealed.subarray(0, ENCRYPTION_HEADER_BYTES), KEY);
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length - 1), fc.nat(), async (offset, some) => {
        const length = 1 + (some % (plain.length - offset));
        const range = sealedRange(offset, length, sealed.length);
        expect(range.length).to.be.at.most((Math.ceil(length / CHUNK_BYTES) + 1) * SEALED);
        const run = sealed.subarray(range.offset, range.offset + range.length);
        const found = await opener.openRun(range.index, run, sealed.length);
        const wanted = plain.subarray(offset, offset + length);
        expect(Buffer.compare(found.subarray(range.skip, range.skip + length), wanted)).to.equal(0);
      }),
    );
    for (const [offset, length] of [
      [0, plain.length + 1],
      [-1, 1],
      [5, 0],
    ] as const)
      expect(codeOf(() => sealedRange(offset, length, sealed.length))).to.equal("storage/bad-range");
  });

  it("notices every changed byte and gives nothing of the chunk that has it", async () => {
    const plain = randomBytes(CHUNK_BYTES + 50);
    const sealed = await seal(plain);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sealed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (position, change) => {
          const changed = Uint8Array.from(sealed);
          changed[position]! ^= change;
          const { out, code } = await opened(changed);
          expect(code).to.be.oneOf(["storage/not-authentic", "storage/wrong-key"]);
          const sound = position < ENCRYPTION_HEADER_BYTES + SEALED ? 0 : CHUNK_BYTES;
          expect(out.equals(plain.subarray(0, sound))).to.equal(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("notices an object cut off anywhere, chunks swapped, repeated, or of another object", async () => {
    const plain = randomBytes(3 * CHUNK_BYTES);
    const sealed = await seal(plain);
    const other = await seal(plain);
    const header = sealed.subarray(0, ENCRYPTION_HEADER_BYTES);
    const chunk = (index: number, of = sealed) =>
      of.subarray(ENCRYPTION_HEADER_BYTES + index * SEALED, ENCRYPTION_HEADER_BYTES + (index + 1) * SEALED);
    const made = {
      "without the last chunk": [header, chunk(0), chunk(1)],
      "inside a chunk": [sealed.subarray(0, -1)],
      "inside the header": [header.subarray(0, 20)],
      "after the header": [header],
      swapped: [header, chunk(1), chunk(0), chunk(2)],
      repeated: [sealed, chunk(2)],
      "of another object": [header, chunk(0), chunk(1, other), chunk(2)],
      "with more behind": [sealed, Buffer.of(0)],
    };
    for (const [what, parts] of Object.entries(made))
      expect((await opened(Buffer.concat(parts))).code, what).to.equal("storage/not-authentic");
    for (const size of [
      0,
      ENCRYPTION_HEADER_BYTES,
      ENCRYPTION_HEADER_BYTES + 16,
      sealedBytes(CHUNK_BYTES) + 16,
    ])
      expect(
        codeOf(() => plainBytes(size)),
        String(size),
      ).to.equal("storage/not-authentic");
  });

  it("names the wrong key, refuses a short one, and never seals twice alike", async () => {
    const plain = randomBytes(100);
    const sealed = await seal(plain);
    const { out, code } = await opened(sealed, randomBytes(KEY_BYTES));
    expect([out.length, code]).to.deep.equal([0, "storage/wrong-key"]);
    expect((await opened(sealed, randomBytes(16))).code).to.equal("storage/bad-key");
    expect((await seal(plain)).equals(sealed)).to.equal(false);
    // The id names the key; a header that claims a key's id does not open with it.
    const forged = Buffer.from(sealed);
    const stranger = randomBytes(KEY_BYTES);
    forged.set(keyId(stranger), 8);
    expect(await opened(forged, stranger)).to.deep.include({ code: "storage/not-authentic" });
  });

  it("derives a salt from key and bytes alone, as written down", () => {
    const [key, list] = [Buffer.alloc(KEY_BYTES, 7), Buffer.from("a list")];
    const salt = saltOfContent(key, [list]);
    const digest = createHash("sha256").update(list).digest();
    const expected = createHmac("sha256", key).update("mycelia storage salt").update(digest).digest();
    expect(expected.equals(salt)).to.equal(true);
    expect(saltOfContent(key, [list.subarray(0, 3), list.subarray(3)])).to.deep.equal(salt);
    expect(saltOfContent(Buffer.alloc(KEY_BYTES, 8), [list])).to.not.deep.equal(salt);
    expect(saltOfContent(key, [Buffer.from("a mist")])).to.not.deep.equal(salt);
  });
});
