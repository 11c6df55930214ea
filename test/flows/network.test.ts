import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
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
