import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { runCli } from "../flows/cli.ts";
import { bytesOf } from "./page/bytes.ts";
import { useVisit } from "./visit.ts";

const MIB = 1024 * 1024;
const SEGMENT = 4 * MIB;

/** Digits of the root that a put has printed. */
const rootIn = (printed: string): string => printed.trim().slice(2);

describe("browser: objects", function () {
  this.timeout(300_000);
  const visit = useVisit();
  const at = (name: string): string => join(visit().devnet.dataDir, name);

  async function cli(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCli(["--data-dir", visit().devnet.dataDir, ...args]);
    expect(code, `${args.join(" ")}: ${stderr}`).to.equal(0);
    return stdout;
  }

  for (const [size, kind] of [
    [1, "object"],
    [256 * 1024, "object"],
    [256 * 1024 + 1, "manifest"],
    [SEGMENT, "manifest"],
    [2 * SEGMENT + 12_345, "manifest"],
  ] as const)
    it(`stores ${size} bytes, reads them back, and a part of them`, async () => {
      const { root, ...stored } = await visit().run("putAndGet", size, size);
      expect(stored).to.deep.equal({ state: "full", kind, isBack: true, isPart: true, troubles: 0 });
      await cli("storage", "get", root, "--out", at("read"));
      expect(readFileSync(at("read")).equals(bytesOf(size, size)), "as node reads it").to.equal(true);
    });

  it("takes a file that somebody chose", async () => {
    expect(await visit().run("blob", 1_000_000, 3)).to.equal(true);
  });

  it("encrypts and decrypts, and node reads it with the key", async () => {
    const { root, key, ...found } = await visit().run("encrypted", 400_000, 4);
    expect(found).to.deep.equal({ isBack: true, isPart: true, hidden: true, other: "storage/wrong-key" });
    writeFileSync(at("key"), key, { mode: 0o600 });
    await cli("storage", "get", root, "--out", at("plain"), "--decrypt", at("key"));
    expect(readFileSync(at("plain")).equals(bytesOf(400_000, 4))).to.equal(true);
  });

  it("reads what node has stored: an object, and the files of a directory", async () => {
    writeFileSync(at("stored"), bytesOf(5 * MIB, 6));
    const root = rootIn(await cli("storage", "put", at("stored")));
    expect(await visit().run("read", root, 5 * MIB, 6)).to.equal(true);
    const directory = rootIn(await cli("storage", "put", "test/browser/page"));
    const files = await visit().run("files", directory);
    expect(Object.keys(files)).to.include.members(["bytes.ts", "index.ts", "kv.ts"]);
    expect(files["kv.ts"]).to.equal(readFileSync("test/browser/page/kv.ts").toString("hex"));
  });

  it("finds a member out that changes a byte, and reads on without it", async () => {
    const { isBack, blamed, liar } = await visit().run("lyingMember", SEGMENT, 7);
    expect([isBack, blamed]).to.deep.equal([true, [liar]]);
  });

  it("stops a put that is aborted", async () => {
    const { code, before, after } = await visit().run("aborted", 16 * SEGMENT);
    expect(code).to.equal("AbortError");
    expect(before).to.be.greaterThan(0);
    expect(after).to.equal(0);
  });

  it("holds a small part of a stream of 64 MiB while it stores and reads it", async () => {
    const size = 16 * SEGMENT;
    const held = await visit().mostHeld(async () => {
      expect(await visit().run("stream", size, 21)).to.deep.equal({ stored: size, read: size });
    });
    // Two segments at once, each with its parity, in rows and in bodies; coded, all of it has 128 MiB.
    expect(held / MIB).to.be.within(1, 64);
  });

  it("knows in a later page what an earlier one has stored", async () => {
    const size = 700_000;
    expect(await visit().run("remembered", size, 8)).to.be.greaterThan(size);
    await visit().reload();
    expect(await visit().run("remembered", size, 8)).to.equal(0);
  });

  it("stores and reads from a worker of a page", async () => {
    expect(await visit().run("inWorker", 5 * MIB)).to.equal(`${5 * MIB} true`);
  });
});
