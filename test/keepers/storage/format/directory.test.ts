import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  type DirectoryEntry,
  EMPTY_FILE,
  encodeDirectory,
  MAX_PATH_BYTES,
  parseDirectory,
} from "../../../../keepers/storage/format/directory.ts";
import { codeOf, codeOfRejection } from "../codes.ts";

const entryOf = (path: string): DirectoryEntry => ({
  ...{ path, objectRoot: randomBytes(32) },
  ...{ size: 1, kind: "object" },
});
const encode = (entries: readonly DirectoryEntry[]) => Buffer.concat([...encodeDirectory(entries)]);

async function parse(...pieces: readonly Uint8Array[]): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const entry of parseDirectory(pieces)) entries.push(entry);
  return entries;
}

const part = fc
  .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
  .filter((text) => !/[/\\\p{Cc}]/u.test(text) && text !== "." && text !== "..");
const paths = fc.uniqueArray(
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
  { minLength: 1, maxLength: 20 },
);

describe("storage: directories", () => {
  it("read as they were written, whatever the order and however the bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(paths, fc.infiniteStream(fc.integer({ min: 1, max: 90 })), async (some, sizes) => {
        const files = some.filter((path) => !some.some((other) => other.startsWith(`${path}/`)));
        const entries = files.map(entryOf);
        const bytes = encode(entries);
        expect(encode(entries.toReversed()).equals(bytes)).to.equal(true);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value as number;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        const byPath = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
        const plain = (list: readonly DirectoryEntry[]) =>
          list.map((entry) => ({ ...entry, objectRoot: Buffer.from(entry.objectRoot).toString("hex") }));
        expect(plain(await parse(...pieces))).to.deep.equal(plain(byPath));
      }),
    );
  });

  it("name nothing outside themselves, and nothing twice", () => {
    const bad = [
      ...["", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "a\0b", "a\nb"],
      ...["\ud800", "a\u009bb", "x".repeat(256), "y/".repeat(MAX_PATH_BYTES / 2)],
    ];
    const refusal = (entries: readonly DirectoryEntry[]) => codeOf(() => encode(entries));
    for (const path of bad)
      expect(refusal([entryOf(path)]), JSON.stringify(path)).to.equal("storage/bad-directory");
    for (const some of [
      ["a", "a"],
      ["a", "a/b"],
      ["a", "a-b", "a/b"],
      ["a", "a-b", "a-b/c", "b"],
      ["a/b", "a/b.c", "a/b/c/d"],
    ])
      expect(refusal(some.map(entryOf)), some.join()).to.equal("storage/bad-directory");
    expect(refusal(["a", "a-b", "a.b/c", "ab/c"].map(entryOf))).to.equal("");
    expect(refusal([])).to.equal("storage/bad-directory");
  });

  it("have empty files under the name of no bytes, and under no other", () => {
    const refusal = (change: Partial<DirectoryEntry>) =>
      codeOf(() => encode([{ ...entryOf("a"), ...change }]));
    expect(refusal(EMPTY_FILE)).to.equal("");
    expect(refusal({ size: 0 })).to.equal("storage/bad-directory");
    expect(refusal({ ...EMPTY_FILE, size: 1 })).to.equal("storage/bad-directory");
    expect(refusal({ ...EMPTY_FILE, kind: "manifest" })).to.equal("storage/bad-directory");
  });

  it("are one list only: no byte can be changed, added or left out", async () => {
    const bytes = encode([entryOf("a/b"), entryOf("a/c"), { path: "d", ...EMPTY_FILE }]);
    for (let length = 0; length < bytes.length; length++)
      expect(await codeOfRejection(parse(bytes.subarray(0, length)))).to.equal("storage/bad-directory");
    expect(await codeOfRejection(parse(bytes, Buffer.of(0)))).to.equal("storage/bad-directory");
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Uint8Array.from(bytes);
        changed[at]! ^= change;
        let read: DirectoryEntry[];
        try {
          read = await parse(changed);
        } catch (error) {
          expect(error).to.have.property("code", "storage/bad-directory");
          return;
        }
        expect(encode(read).equals(changed)).to.equal(true);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (garbage) => {
        expect(await codeOfRejection(parse(garbage))).to.be.oneOf(["", "storage/bad-directory"]);
      }),
    );
  });
});
