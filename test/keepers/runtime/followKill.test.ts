import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import { openTransactionSender } from "../../../keepers/runtime/transactions/lane.ts";
import { startAnvil, type TestChain } from "./chains.ts";
import { temporaryDirectory } from "./temporary.ts";
import { deployToken, type MintingKey } from "./token.ts";

const worker = fileURLToPath(new URL("./children/followWorker.ts", import.meta.url));

/** Where the follower is killed, before and after a reorg has changed what it had applied. */
const POINTS = [
  "apply before 2",
  "apply after 2",
  "apply after 6",
  "store.put after 3",
  "store.batch before 3",
  "store.batch after 3",
];
const POINTS_AFTER_REORG = ["undo before 1", "undo after 1", "undo after 2", "apply after 1"];

describe("chain follower and kill -9", () => {
  let chain: TestChain;
  let minting: MintingKey;

  before(async () => {
    chain = await startAnvil();
    minting = await deployToken(chain.provider);
    await mints("before", 4);
    await chain.rpc("anvil_mine", "0xa");
    await mints("recent", 3);
  });

  after(() => chain.stop());

  async function mints(name: string, count: number): Promise<void> {
    const store = openLmdbStore(temporaryDirectory());
    const { provider } = chain;
    const sender = await openTransactionSender({ provider, signer: minting.signer, store, chainId: 31_337 });
    for (let i = 0; i < count; i++) await sender.send(minting.mintJob(`${name}/${i}`, 1n));
    await sender.close();
    await store.close();
  }

  async function follow(directory: string, point: string): Promise<string> {
    const height = String(await chain.provider.getBlockNumber());
    const args = [chain.url, directory, minting.address, height, point];
    return await new Promise((resolve) => {
      execFile(process.execPath, ["--import=tsx", worker, ...args], (error, _out, stderr) => {
        resolve(error === null ? "none" : (error.signal ?? `exit ${error.code}: ${stderr}`));
      });
    });
  }

  async function expectTrueIndex(directory: string): Promise<void> {
    const logs = await chain.provider.getLogs({ address: minting.address, fromBlock: 0 });
    const store = openLmdbStore(directory);
    const found: string[] = [];
    for await (const [key] of store.under("index/").scan({})) found.push(key);
    await store.close();
    expect(found).to.deep.equal(logs.map((log) => `${log.blockHash}/${log.index}`).sort());
  }

  for (const point of POINTS) {
    it(`ends with the chain's logs, killed at "${point}"`, async () => {
      const directory = temporaryDirectory();
      expect(await follow(directory, point)).to.equal("SIGKILL");
      expect(await follow(directory, "never")).to.equal("none");
      await expectTrueIndex(directory);
    });
  }

  for (const point of POINTS_AFTER_REORG) {
    it(`undoes a reorg whole, killed at "${point}"`, async () => {
      const directory = temporaryDirectory();
      const base = await chain.rpc("evm_snapshot");
      await mints(`lost ${point}`, 2);
      expect(await follow(directory, "never")).to.equal("none");
      await chain.rpc("evm_revert", base);
      await chain.rpc("anvil_mine", "0x1");
      await mints(`kept ${point}`, 2);
      expect(await follow(directory, point)).to.equal("SIGKILL");
      expect(await follow(directory, "never")).to.equal("none");
      await expectTrueIndex(directory);
    });
  }

  it("undoes a block that it died while applying, when a reorg took the block meanwhile", async () => {
    const directory = temporaryDirectory();
    const base = await chain.rpc("evm_snapshot");
    expect(await follow(directory, "never")).to.equal("none");
    await mints("half applied", 1);
    expect(await follow(directory, "apply after 1")).to.equal("SIGKILL");
    await chain.rpc("evm_revert", base);
    await chain.rpc("anvil_mine", "0x3");
    expect(await follow(directory, "never")).to.equal("none");
    await expectTrueIndex(directory);
  });
});
