import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import type { JsonRpcProvider } from "ethers";
import { followChain } from "../../../keepers/runtime/chain/follow.ts";
import type { FollowedBlock, FollowerOptions } from "../../../keepers/runtime/chain/follower.ts";
import { FatalError, RetryableError } from "../../../keepers/runtime/errors.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { openTransactionSender } from "../../../keepers/runtime/transactions/lane.ts";
import type { TransactionSender } from "../../../keepers/runtime/transactions/sender.ts";
import { startAnvil, startHardhat, type TestChain } from "./chains.ts";
import { eventually, temporaryDirectory } from "./temporary.ts";
import { deployToken, type MintingKey } from "./token.ts";

use(chaiAsPromised);

/** Replays what the follower says into the set of mints that stand: what a real keeper's index would be. */
class Index {
  readonly standing = new Map<string, string>();
  readonly calls: string[] = [];
  heads: number[] = [];
  beforeApply: ((block: FollowedBlock) => Promise<void>) | undefined;

  readonly apply = async (block: FollowedBlock): Promise<void> => {
    await this.beforeApply?.(block);
    this.calls.push(`+${block.number}`);
    for (const log of block.logs) this.standing.set(`${block.hash}/${log.index}`, log.transactionHash);
  };

  readonly undo = async (block: FollowedBlock): Promise<void> => {
    this.calls.push(`-${block.number}`);
    for (const log of block.logs) this.standing.delete(`${block.hash}/${log.index}`);
  };

  readonly onHead = async (head: { number: number }): Promise<void> => {
    this.heads.push(head.number);
  };
}

interface Run {
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

for (const [name, start] of [
  ["anvil", () => startAnvil()],
  ["hardhat", startHardhat],
] as const) {
  describe(`chain follower on ${name}`, () => {
    let chain: TestChain;
    let store: Store;
    let minting: MintingKey;
    let sender: TransactionSender;
    let views = 0;
    let mints = 0;

    before(async () => {
      chain = await start();
      store = openLmdbStore(temporaryDirectory());
      minting = await deployToken(chain.provider);
      sender = await openTransactionSender({
        provider: chain.provider,
        signer: minting.signer,
        store: store.under("sender/"),
        chainId: 31_337,
      });
    });

    after(async () => {
      await sender.close();
      await store.close();
      await chain.stop();
    });

    const mint = () => sender.send(minting.mintJob(`mint/${++mints}`, 1n));
    const mine = async (blocks: number) => {
      for (let i = 0; i < blocks; i++) await chain.rpc("evm_mine");
    };
    const freshView = () => store.under(`view/${++views}/`);

    async function follow(view: Store, index: Index, options: Partial<FollowerOptions> = {}): Promise<Run> {
      const stop = new AbortController();
      const done = followChain({
        provider: chain.provider,
        store: view,
        handler: index,
        signal: stop.signal,
        options: {
          fromBlock: 0,
          addresses: [minting.address],
          confirmations: 0,
          finality: 8,
          pollMs: 20,
          ...options,
        },
      });
      done.catch(() => {});
      return {
        done,
        async stop() {
          stop.abort();
          await done;
        },
      };
    }

    const logsOnChain = async (provider: JsonRpcProvider) =>
      (await provider.getLogs({ address: minting.address, fromBlock: 0 }))
        .map((log) => `${log.blockHash}/${log.index}`)
        .sort();

    async function settled(index: Index): Promise<void> {
      await eventually("the index holds the chain's logs", async () => {
        const wanted = await logsOnChain(chain.provider);
        return JSON.stringify([...index.standing.keys()].sort()) === JSON.stringify(wanted);
      });
    }

    it("catches up in ranges, then follows block by block, and tells the head", async () => {
      for (let i = 0; i < 3; i++) await mint();
      await mine(20);
      const index = new Index();
      const run = await follow(freshView(), index);
      await settled(index);
      await mint();
      await settled(index);
      await mine(3);
      const head = await chain.provider.getBlockNumber();
      await eventually("the head is told", () => index.heads.at(-1) === head);
      expect(new Set(index.calls).size).to.equal(index.calls.length);
      await run.stop();
    });

    it("keeps the confirmation depth", async () => {
      const index = new Index();
      const { blockNumber } = await mint();
      const run = await follow(freshView(), index, { confirmations: 2 });
      await mine(1);
      await eventually("the head is told", () => index.heads.at(-1) === blockNumber - 1);
      expect(index.calls).not.to.include(`+${blockNumber}`);
      await mine(1);
      await eventually("it is applied", () => index.calls.includes(`+${blockNumber}`));
      await run.stop();
    });

    it("goes on from its cursor after a stop, applying nothing twice", async () => {
      const view = freshView();
      const index = new Index();
      await (await settledRun(view, index)).stop();
      const before = index.calls.length;
      await mint();
      await (await settledRun(view, index)).stop();
      expect(index.calls.length).to.equal(before + 1);
    });

    async function settledRun(view: Store, index: Index): Promise<Run> {
      const run = await follow(view, index);
      await settled(index);
      return run;
    }

    it("undoes newest first what a reorg took out, and applies what came instead", async () => {
      const index = new Index();
      const run = await follow(freshView(), index);
      await settled(index);
      const base = await chain.rpc("evm_snapshot");
      const gone = [await mint(), await mint()].map((receipt) => receipt.blockNumber);
      await settled(index);
      await chain.rpc("evm_revert", base);
      await mine(3);
      await eventually("both were undone", () => index.calls.includes(`-${gone[0]}`));
      await settled(index);
      const undone = index.calls.filter((call) => call.startsWith("-"));
      expect(undone).to.deep.equal([`-${gone[1]}`, `-${gone[0]}`]);
      await run.stop();
    });

    it("undoes a reorg that happened while it was stopped", async () => {
      const view = freshView();
      const index = new Index();
      await (await settledRun(view, index)).stop();
      const base = await chain.rpc("evm_snapshot");
      await mint();
      await (await settledRun(view, index)).stop();
      await chain.rpc("evm_revert", base);
      await mine(4);
      const run = await settledRun(view, index);
      expect(index.calls.some((call) => call.startsWith("-"))).to.equal(true);
      await run.stop();
    });

    it("undoes a block whose apply had begun when it died, if a reorg took the block", async () => {
      const view = freshView();
      const index = new Index();
      await (await settledRun(view, index)).stop();
      const base = await chain.rpc("evm_snapshot");
      const { blockNumber } = await mint();
      const begun = Promise.withResolvers<void>();
      index.beforeApply = async () => {
        begun.resolve();
        throw new FatalError("test/died", "as if killed in the middle");
      };
      const run = await follow(view, index);
      await begun.promise;
      await expect(run.done).to.be.rejectedWith("as if killed");
      index.beforeApply = undefined;
      await chain.rpc("evm_revert", base);
      await mine(3);
      await (await settledRun(view, index)).stop();
      expect(index.calls).to.include(`-${blockNumber}`);
    });

    it("waits, and undoes nothing, while the node ends below the cursor", async () => {
      const index = new Index();
      const run = await follow(freshView(), index);
      await settled(index);
      const base = await chain.rpc("evm_snapshot");
      await mine(3);
      const head = await chain.provider.getBlockNumber();
      await eventually("the head is told", () => index.heads.at(-1) === head);
      const calls = index.calls.length;
      await chain.rpc("evm_revert", base);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(index.calls.length).to.equal(calls);
      await mine(4);
      await eventually("the new head is told", () => index.heads.at(-1) === head + 1);
      await run.stop();
    });

    it("stops loudly at a reorg deeper than the finality depth", async () => {
      const index = new Index();
      const run = await follow(freshView(), index, { finality: 2 });
      await settled(index);
      const base = await chain.rpc("evm_snapshot");
      await mine(6);
      const head = await chain.provider.getBlockNumber();
      await eventually("the head is told", () => index.heads.at(-1) === head);
      await chain.rpc("evm_revert", base);
      await mint();
      await mine(8);
      await expect(run.done).to.be.rejected.and.eventually.have.property("code", "chain/reorg-past-finality");
    });

    it("applies a block again after an error that may pass, and stops at one that may not", async () => {
      const index = new Index();
      let failures = 2;
      index.beforeApply = async () => {
        if (failures-- > 0) throw new RetryableError("test/later", "later");
      };
      const run = await settledRun(freshView(), index);
      index.beforeApply = async () => {
        throw new FatalError("test/never", "never");
      };
      await mint();
      await expect(run.done).to.be.rejected.and.eventually.have.property("code", "test/never");
    });

    it("notices a chain that was started anew", async () => {
      const view = freshView();
      const index = new Index();
      await (await settledRun(view, index)).stop();
      const other = await startAnvil("--timestamp", "1700000000");
      try {
        const stranger = followChain({
          provider: other.provider,
          store: view,
          handler: index,
          signal: new AbortController().signal,
          options: { fromBlock: 0, addresses: [minting.address], confirmations: 0, finality: 8, pollMs: 20 },
        });
        await expect(stranger).to.be.rejected.and.eventually.have.property("code", "chain/different-chain");
      } finally {
        await other.stop();
      }
    });

    it("refuses options that cannot work", async () => {
      const run = await follow(freshView(), new Index(), { confirmations: 9 });
      await expect(run.done).to.be.rejected.and.eventually.have.property("code", "chain/bad-options");
    });
  });
}
