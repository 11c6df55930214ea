import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { startAnvil, type TestChain } from "./chains.ts";
import { temporaryDirectory } from "./temporary.ts";
import { deployToken, type MintingKey } from "./token.ts";

const worker = fileURLToPath(new URL("./children/senderWorker.ts", import.meta.url));

/** Where the sender is killed: around every write of its journal, every broadcast, and looks at the chain. */
const POINTS = [
  "store.batch before 1",
  "store.batch after 1",
  "store.batch before 3",
  "store.batch after 3",
  "store.batch before 4",
  "store.batch after 4",
  "eth_sendRawTransaction before 1",
  "eth_sendRawTransaction after 1",
  "eth_sendRawTransaction before 2",
  "eth_sendRawTransaction after 3",
  "eth_estimateGas after 2",
  "eth_getTransactionCount after 2",
];

describe("transaction sender and kill -9", () => {
  let chain: TestChain;
  let minting: MintingKey;

  before(async () => {
    chain = await startAnvil();
    minting = await deployToken(chain.provider);
  });

  after(() => chain.stop());

  function runWorker(
    directory: string,
    prefix: string,
    point: string,
  ): Promise<{ signal: string; output: string }> {
    const args = [chain.url, directory, minting.privateKey, minting.address, prefix, point];
    return new Promise((resolve) => {
      execFile(process.execPath, ["--import=tsx", worker, ...args], (error, stdout, stderr) => {
        const signal = error === null ? "none" : (error.signal ?? `exit ${error.code}: ${stderr}`);
        resolve({ signal, output: stdout });
      });
    });
  }

  for (const [i, point] of POINTS.entries()) {
    it(`lands each job once, killed at "${point}"`, async () => {
      const directory = temporaryDirectory();
      const before = await minting.token.totalSupply();
      const killed = await runWorker(directory, String(i), point);
      expect(killed.signal).to.equal("SIGKILL");
      const resumed = await runWorker(directory, String(i), "never");
      expect(resumed.signal).to.equal("none");
      const landed = resumed.output.trim().split("\n").sort();
      expect(landed).to.deep.equal(["a", "b", "c"].map((name) => `landed ${i}/${name}`));
      expect((await minting.token.totalSupply()) - before).to.equal(3n);
    });
  }

  it("lands each job once, killed again and again", async () => {
    const directory = temporaryDirectory();
    const before = await minting.token.totalSupply();
    for (const point of [
      "eth_sendRawTransaction after 1",
      "store.batch before 2",
      "eth_getTransactionCount after 1",
    ]) {
      expect((await runWorker(directory, "again", point)).signal).to.equal("SIGKILL");
    }
    expect((await runWorker(directory, "again", "never")).signal).to.equal("none");
    expect((await minting.token.totalSupply()) - before).to.equal(3n);
  });
});
