import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { takePort } from "../../keepers/cli/devnet/ports.ts";
import { runCli } from "./cli.ts";

describe("flow: the job on somebody else's chain, Hardhat's node", function () {
  this.timeout(300_000);
  let node: ChildProcess;
  let rpcUrl: string;

  before(async () => {
    const port = await takePort(9545, new Set());
    rpcUrl = `http://127.0.0.1:${port}`;
    const args = ["node_modules/.bin/hardhat", "node", "--hostname", "127.0.0.1", "--port", String(port)];
    node = spawn(process.execPath, args, { stdio: "ignore" });
    for (let tries = 0; tries < 600 && !(await answers(rpcUrl)); tries += 1) await sleep(100);
  });
  after(() => void node.kill("SIGKILL"));

  it("ends right there too", async () => {
    const { code, stdout, stderr } = await runCli(["demo", "--rpc", rpcUrl, "--json"]);
    expect(code, stderr).to.equal(0);
    expect((JSON.parse(stdout) as { ok: boolean }).ok).to.equal(true);
  });

  it("says in one line that a chain is not there", async () => {
    const { code, stderr } = await runCli(["demo", "--rpc", "http://127.0.0.1:1"]);
    expect(code).to.be.greaterThan(0);
    expect(stderr).to.include("no JSON-RPC answer at http://127.0.0.1:1");
  });
});

async function answers(rpcUrl: string): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body };
  return await fetch(rpcUrl, init).then(
    (response) => response.ok,
    () => false,
  );
}
