import { expect } from "chai";
import fc from "fast-check";
import { formatLogPath, keyOf, type LogPath, parseLogPath } from "../../../../keepers/kv/paths/logPath.ts";
import { codeOf } from "../../storage/codes.ts";

const cluster = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const version = fc
  .stringMatching(/^[A-Za-z0-9._-]{1,64}$/)
  .filter((label) => label !== "." && label !== "..");
const segment = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .map((text) => text.replace(/[/\p{Cc}]/gu, "_"))
  .filter((text) => text !== "." && text !== ".." && Buffer.byteLength(text) <= 255);
const path = fc
  .array(segment, { minLength: 1, maxLength: 12 })
  .map((segments) => segments.join("/"))
  .filter((text) => Buffer.byteLength(text) <= 1_024 - 65);
const logPath: fc.Arbitrary<LogPath> = fc.record({ cluster, path, version, isDirectory: fc.boolean() });

describe("kv: log:// paths", () => {
  it("come back as they were formatted", () => {
    fc.assert(
      fc.property(logPath, (given) => {
        expect(parseLogPath(formatLogPath(given))).to.deep.equal(given);
        expect(keyOf(given).toString()).to.equal(`${given.path}/${given.version}`);
      }),
    );
  });

  it("have one text each: what parses formats to itself", () => {
    const pieces = fc.constantFrom(
      "log://",
      "a",
      "b-",
      "/",
      "//",
      ".",
      "..",
      "latest",
      "v1",
      "A",
      "é",
      "\n",
      "?",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
        const text = `log://${parts.join("")}`;
        const code = codeOf(() => expect(formatLogPath(parseLogPath(text))).to.equal(text));
        expect(["", "kv/bad-path"]).to.include(code);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are no garbage", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        expect(codeOf(() => parseLogPath(text))).to.equal("kv/bad-path");
      }),
    );
  });

  const long = "x".repeat(255);
  const refused: Readonly<Record<string, string>> = {
    "another scheme": "https://a/b/c",
    "a scheme in capitals": "LOG://a/b/c",
    "no path": "log://a/v1",
    "no version": "log://a",
    "no cluster": "log:///b/c",
    "a cluster in capitals": "log://A/b/c",
    "a cluster that starts with -": "log://-a/b/c",
    "a cluster that ends with -": "log://a-/b/c",
    "a cluster of 64 characters": `log://${"a".repeat(64)}/b/c`,
    "an empty segment": "log://a/b//c",
    "two slashes at the end": "log://a/b/c//",
    "a segment .": "log://a/./b/c",
    "a segment ..": "log://a/../b/c",
    "a version ..": "log://a/b/..",
    "a version with a space": "log://a/b/v 1",
    "a version of 65 characters": `log://a/b/${"v".repeat(65)}`,
    "a segment of 256 bytes": `log://a/${long}x/v`,
    "a segment of 256 bytes in fewer characters": `log://a/${"é".repeat(128)}/v`,
    "a line feed": "log://a/b\nc/v",
    "a zero byte": "log://a/b\0/v",
    "half a character": "log://a/\ud800/v",
    "a key of 1,025 bytes": `log://a/${[long, long, long, long].join("/")}/v`,
    "too much to look at": `log://a/${"é/".repeat(100_000)}v`,
  };
  for (const [what, text] of Object.entries(refused))
    it(`are refused with ${what}`, () => {
      expect(codeOf(() => parseLogPath(text))).to.equal("kv/bad-path");
    });

  it("may be as long as a key, and no longer", () => {
    const path = [long, long, long, "x".repeat(1_024 - 3 * 256 - 7)].join("/");
    expect(keyOf(parseLogPath(`log://a/${path}/latest`))).to.have.length(1_024);
    expect(codeOf(() => parseLogPath(`log://a/${path}x/latest`))).to.equal("kv/bad-path");
    expect(
      codeOf(() => parseLogPath(`log://a/${path}x/v`)),
      "its latest has no key",
    ).to.equal("kv/bad-path");
  });

  it("take what Unicode and file names bring", () => {
    const text = "log://0g-1/モデル/a b (c)#?%2F..x/v1.0-rc_2/";
    const { path, isDirectory } = parseLogPath(text);
    expect([path, isDirectory]).to.deep.equal(["モデル/a b (c)#?%2F..x", true]);
  });

  it("are not formatted from what is none", () => {
    const good: LogPath = { cluster: "a", path: "b", version: "c", isDirectory: false };
    expect(formatLogPath(good)).to.equal("log://a/b/c");
    for (const bad of [{ cluster: "a/b" }, { path: "" }, { path: "b/" }, { version: "c/d" }, { version: "" }])
      expect(
        codeOf(() => formatLogPath({ ...good, ...bad })),
        JSON.stringify(bad),
      ).to.equal("kv/bad-path");
  });
});
