import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { kill } from "../../keepers/cli/devnet/processes.ts";
import { runCli } from "./cli.ts";
import { createTestDevnet, type TestDevnet } from "./devnet.ts";
import { listeningAddresses, loopbackAddresses } from "./sockets.ts";

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

interface StorageStatus {
  readonly committees: readonly { readonly ownedSlots: number; readonly members: readonly unknown[] }[];
  readonly batches: string;
}

describe("flow: a network that people use", function () {
  this.timeout(300_000);
  let devnet: TestDevnet;
  let root: string;
  const content = randomBytes(300_000);
  const at = (name: string): string => join(devnet.dataDir, name);
  const cli = (...args: string[]) => runCli(["--data-dir", devnet.dataDir, ...args]);

  async function fails(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await cli(...args, "--json");
    expect(code, stdout).to.be.greaterThan(0);
    return (JSON.parse(stderr.trim()) as Failure).error.code;
  }

  async function result<T = unknown>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await cli(...args, "--json");
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as T;
  }

  before(async () => {
    devnet = await createTestDevnet();
    writeFileSync(at("content"), content);
  });
  after(async () => await devnet.remove());

  it("listens on loopback and nowhere else", () => {
    const addresses = listeningAddresses(devnet.state().processes.map(({ pid }) => pid));
    expect(addresses).to.have.length.of.at.least(devnet.state().processes.length);
    expect(addresses.filter((address) => !loopbackAddresses.includes(address))).to.deep.equal([]);
  });

  it("stores a file and reads it back with three nodes killed", async () => {
    const put = await cli("storage", "put", at("content"), "--json");
    expect(put.code, put.stderr).to.equal(0);
    const stored = JSON.parse(put.stdout) as { objectRoot: string; state: string };
    expect(stored.state).to.equal("full");
    root = stored.objectRoot;
    for (const name of ["storage-1", "storage-4", "storage-7"]) await kill(devnet.process(name));
    const get = await cli("storage", "get", root, "--out", at("copy"));
    expect(get.code, get.stderr).to.equal(0);
    expect(readFileSync(at("copy")).equals(content)).to.equal(true);
    expect((await cli("status")).code, "status sees dead nodes").to.equal(1);
  });

  it("shows who holds what, and what it costs", async () => {
    const { code, stdout, stderr } = await cli("storage", "status", "--json");
    expect(code, stderr).to.equal(0);
    const { committees, batches } = JSON.parse(stdout) as StorageStatus;
    expect(committees.map(({ ownedSlots, members }) => [ownedSlots, members.length])).to.deep.equal([
      [256, 10],
    ]);
    expect(Number(batches)).to.be.at.least(1);
  });

  it("shows where the audit stands for each node", async () => {
    const audits = await result<{ seat: number; liableSlots: number; operator: string }[]>(
      "storage",
      "audits",
    );
    expect(audits).to.have.length(10);
    expect(await result("storage", "audits", audits[0]!.operator)).to.have.length(1);
    expect(await fails("storage", "audits", "nobody")).to.equal("cli/usage");
  });

  it("reads a range of a file", async () => {
    await result("storage", "get", root, "--out", at("part"), "--range", "1000-1999");
    expect(readFileSync(at("part")).equals(content.subarray(1_000, 2_000))).to.equal(true);
    expect(await fails("storage", "get", root, "--out", at("part"), "--range", "300000-")).to.equal(
      "storage/bad-range",
    );
    expect(await fails("storage", "get", root, "--out", at("part"), "--range", "5-4")).to.equal("cli/usage");
  });

  it("resumes: up again starts what died and leaves alone what runs", async () => {
    const before = devnet.state();
    const { code, stderr } = await cli("up", "--json");
    expect(code, stderr).to.equal(0);
    const after = devnet.state();
    expect(after.genesisHash).to.equal(before.genesisHash);
    expect(devnet.process("beacon-1").pid).to.equal(
      before.processes.find(({ name }) => name === "beacon-1")?.pid,
    );
    expect((await cli("status", "--json")).code).to.equal(0);
  });

  it("stores a directory encrypted, lists it, reads it back and proves it", async () => {
    const files = {
      "a/one.bin": randomBytes(700_000),
      "a/two.txt": Buffer.from("two"),
      empty: Buffer.alloc(0),
    };
    mkdirSync(join(at("tree"), "a"), { recursive: true });
    for (const [path, bytes] of Object.entries(files)) writeFileSync(join(at("tree"), path), bytes);
    const key = at("tree.key");
    const put = await result<{ objectRoot: string; batches: { id: number }[] }>(
      ...["storage", "put", at("tree"), "--encrypt", key, "--months", "1"],
    );
    expect(statSync(key).mode & 0o777).to.equal(0o600);
    const again = await result<{ objectRoot: string; bytesSent: number }>(
      ...["storage", "put", at("tree"), "--encrypt", key, "--months", "1"],
    );
    expect([again.objectRoot, again.bytesSent]).to.deep.equal([put.objectRoot, 0]);
    const listed = await result<{ path: string }[]>("storage", "ls", put.objectRoot, "--decrypt", key);
    expect(listed.map(({ path }) => path)).to.deep.equal(Object.keys(files).sort());
    await result("storage", "get", put.objectRoot, "--directory", "--out", at("back"), "--decrypt", key);
    for (const [path, bytes] of Object.entries(files))
      expect(readFileSync(join(at("back"), path)).equals(bytes), path).to.equal(true);
    expect(await fails("storage", "ls", put.objectRoot)).to.equal("storage/bad-directory");
    chmodSync(key, 0o644);
    expect(await fails("storage", "ls", put.objectRoot, "--decrypt", key)).to.equal("cli/bad-key-file");
    const mine = await result<{ objectRoot: string }[]>("storage", "ls");
    expect(mine.map(({ objectRoot }) => objectRoot)).to.include.members([put.objectRoot, root]);
    const { stdout } = await cli("storage", "proof", put.objectRoot, "--json");
    writeFileSync(at("proof.json"), stdout);
    const { holding } = await result<{ holding: number }>("storage", "proof", "--check", at("proof.json"));
    expect(holding).to.be.at.least(1);
    const state = await result<{ batches: { state: string }[] }>("storage", "status", put.objectRoot);
    expect(state.batches.map((batch) => batch.state)).to.have.length(put.batches.length);
    expect(await fails("storage", "proof", `0x${"ab".repeat(32)}`)).to.equal("cli/not-published");
  });

  it("keeps the chain and the objects over down and up", async () => {
    const { genesisHash } = devnet.state();
    expect((await cli("down")).code).to.equal(0);
    expect(await fails("storage", "get", root, "--out", at("copy"))).to.match(/^(chain|storage)\//);
    const { code, stderr } = await cli("up", "--json");
    expect(code, stderr).to.equal(0);
    expect(devnet.state().genesisHash).to.equal(genesisHash);
    rmSync(at("copy"));
    expect((await cli("storage", "get", root, "--out", at("copy"))).code).to.equal(0);
    expect(readFileSync(at("copy")).equals(content)).to.equal(true);
  });

  it("refuses bad input with a code, and changes nothing", async () => {
    writeFileSync(at("empty"), "");
    expect(await fails("storage", "put", at("empty"))).to.equal("storage/empty-object");
    expect(await fails("storage", "put", at("missing"))).to.equal("cli/no-file");
    expect(await fails("storage", "get", "0x12", "--out", at("x"))).to.equal("cli/usage");
    expect(await fails("storage", "get", `0x${"ab".repeat(32)}`, "--out", at("x"))).to.equal(
      "storage/not-found",
    );
    writeFileSync(at("rows.csv"), `${"1,".repeat(63)}1\n`);
    const model = `0x${"cd".repeat(32)}`;
    expect(await fails("compute", "infer", "--model", model, "--input", at("rows.csv"))).to.equal(
      "compute/no-match",
    );
    writeFileSync(at("garbage.csv"), "one,two\n");
    expect(await fails("compute", "infer", "--model", model, "--input", at("garbage.csv"))).to.equal(
      "cli/usage",
    );
    expect(await fails("run", "--role", "storage", "--config", at("missing"))).to.equal("config/no-file");
  });

  it("starts a fresh state on a chain that is really new, and says so", async () => {
    const { genesisHash } = devnet.state();
    await cli("down");
    rmSync(at("chain"), { recursive: true });
    const { code, stdout, stderr } = await cli("up");
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include("a new chain: fresh state");
    expect(devnet.state().genesisHash).to.not.equal(genesisHash);
    expect(await fails("storage", "get", root, "--out", at("x"))).to.equal("storage/not-found");
  });
});
