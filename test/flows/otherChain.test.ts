import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { anvilBinary, withoutHistory } from "../../keepers/cli/devnet/chain.ts";
import { takePort } from "../../keepers/cli/devnet/ports.ts";
import { runCli } from "./cli.ts";

describe("flow: a chain that is no devnet", function () {
  this.timeout(240_000);
  const dataDir = mkdtempSync(join(tmpdir(), "mycelia-chain-"));
  const password = join(dataDir, "password");
  const cli = (...args: string[]) => runCli(["--data-dir", dataDir, ...args]);
  let chain: ChildProcess;
  let rpcUrl: string;

  before(async () => {
    const port = await takePort(9745, new Set());
    rpcUrl = `http://127.0.0.1:${port}`;
    // Like every chain that is no devnet, it makes blocks whether or not somebody sends something.
    const own = ["--chain-id", "4242", "--block-time", "1", ...withoutHistory];
    chain = spawn(anvilBinary(), ["--port", String(port), ...own, "--silent"], { stdio: "ignore" });
    await sleep(2_000);
    writeFileSync(password, "a password", { mode: 0o600 });
    writeFileSync(join(dataDir, "hex"), devnetWallet("deployer").privateKey, { mode: 0o600 });
  });
  after(async () => {
    await cli("down", "--purge");
    chain.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("asks for the key that deploys and funds", async () => {
    const { code, stderr } = await cli("up", "--rpc", rpcUrl, "--json");
    expect(code).to.be.greaterThan(0);
    expect(stderr).to.include("cli/no-key");
  });

  it("deploys, funds random keys, runs, and keeps those keys when it is purged", async () => {
    const imported = await cli(
      "keys",
      "import",
      "deployer",
      "--key-file",
      join(dataDir, "hex"),
      "--password-file",
      password,
    );
    expect(imported.code, imported.stderr).to.equal(0);
    const key = ["--key", "deployer", "--password-file", password];
    const up = await cli("up", "--rpc", rpcUrl, ...key, "--ether", "1", "--myc", "2000", "--json");
    expect(up.code, up.stderr).to.equal(0);
    const put = await cli("storage", "put", "README.md", "--json");
    expect(put.code, put.stderr).to.equal(0);
    expect((JSON.parse(put.stdout) as { state: string }).state).to.equal("full");
    expect((await cli("down", "--purge")).code).to.equal(0);
    const kept = join(dataDir, "chains", "4242", "keys", "storage-1.json");
    expect(existsSync(kept)).to.equal(true);
    expect(statSync(kept).mode & 0o077, "only its owner reads a key").to.equal(0);
  });
});
