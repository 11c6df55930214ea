import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  type DirectoryEntry,
  encodeDirectory,
  MAX_PATH_BYTES,
  parseDirectory,
} from "../../../../keepers/storage/format/directory.ts";
import { codeOf } from "../codes.ts";

const entryOf = (path: string): DirectoryEntry => ({ path, objectRoot: randomBytes(32), size: 1 });

const part = fc
  .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
  .filter((text) => !/[/\\\p{Cc}]/u.test(text) && text !== "." && text !== "..");
const paths = fc.uniqueArray(
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
  { minLength: 1, maxLength: 20 },
);

describe("storage: directories", () => {
  it("read as they were written, whatever the order", () => {
    fc.assert(
      fc.property(paths, (some) => {
        const files = some.filter((path) => !some.some((other) => other.startsWith(`${path}/`)));
        const entries = files.map(entryOf);
        const bytes = encodeDirectory(entries);
        expect(Buffer.from(encodeDirectory(entries.toReversed())).equals(bytes)).to.equal(true);
        const byPath = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
        const plain = (list: readonly DirectoryEntry[]) =>
          list.map(({ path, objectRoot, size }) => [path, Buffer.from(objectRoot).toString("hex"), size]);
        expect(plain(parseDirectory(bytes))).to.deep.equal(plain(byPath));
      }),
    );
  });

  it("name nothing outside themselves, and nothing twice", () => {
    const bad = [
      ...["", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "a\0b", "a\nb"],
      ...["\ud800", "x".repeat(256), "y/".repeat(MAX_PATH_BYTES / 2)],
    ];
    for (const path of bad)
      expect(
        codeOf(() => encodeDirectory([entryOf(path)])),
        JSON.stringify(path),
      ).to.equal("storage/bad-directory");
    for (const two of [
      ["a", "a"],
      ["a", "a/b"],
    ])
      expect(codeOf(() => encodeDirectory(two.map(entryOf)))).to.equal("storage/bad-directory");
    expect(codeOf(() => encodeDirectory([]))).to.equal("storage/bad-directory");
    expect(codeOf(() => encodeDirectory([{ ...entryOf("a"), size: 0 }]))).to.equal("storage/bad-directory");
  });

  it("are one list only: no byte can be changed, added or left out", () => {
    const entries = [entryOf("a/b"), entryOf("a/c"), entryOf("d")];
    const bytes = Buffer.from(encodeDirectory(entries));
    for (let length = 0; length < bytes.length; length++)
      expect(codeOf(() => parseDirectory(bytes.subarray(0, length)))).to.equal("storage/bad-directory");
    expect(codeOf(() => parseDirectory(Buffer.concat([bytes, Buffer.of(0)])))).to.equal(
      "storage/bad-directory",
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(bytes);
        changed[at]! ^= change;
        let entriesRead: DirectoryEntry[];
        try {
          entriesRead = parseDirectory(changed);
        } catch (error) {
          expect(error).to.have.property("code", "storage/bad-directory");
          return;
        }
        expect(Buffer.from(encodeDirectory(entriesRead)).equals(changed)).to.equal(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
        expect(codeOf(() => parseDirectory(garbage))).to.be.oneOf(["", "storage/bad-directory"]);
      }),
    );
  });

  it("have the bytes that the format page shows", () => {
    const entries = [
      { path: "model/config.json", objectRoot: Buffer.alloc(32, 0x11), size: 2 },
      { path: "model/weights", objectRoot: Buffer.alloc(32, 0x22), size: 2 ** 40 },
    ];
    expect(Buffer.from(encodeDirectory(entries)).toString("hex")).to.equal(
      [
        "4d594452000100000000000211111111111111111111111111111111111111111111111111111111111111110000000000000002",
        "00116d6f64656c2f636f6e6669672e6a736f6e22222222222222222222222222222222222222222222222222222222222222220000010000000000",
        "000d6d6f64656c2f77656967687473",
      ].join(""),
    );
  });
});
