import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { parseEther, Wallet } from "ethers";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { TransactionRevertedError } from "../../../keepers/runtime/transactions/errors.ts";
import { startAnvil, startHardhat } from "./chains.ts";
import { setUpBench } from "./senderBench.ts";
import { eventually } from "./temporary.ts";
import { fund } from "./token.ts";

use(chaiAsPromised);

for (const [name, start] of [
  ["anvil", () => startAnvil()],
  ["hardhat", startHardhat],
] as const) {
  describe(`transaction sender on ${name}`, () => {
    const bench = setUpBench(start);

    it("lands a job once, however often and by whomever it is sent", async () => {
      const sender = await bench.open();
      const job = bench.minting.mintJob("once", 5n);
      const receipts = await Promise.all([sender.send(job), sender.send(job), sender.send({ ...job })]);
      await sender.close();
      const again = await bench.open();
      expect([await again.knows(job.key), await again.knows("never")]).to.deep.equal([true, false]);
      const remembered = await again.send(job);
      expect(new Set([...receipts, remembered].map(({ hash }) => hash)).size).to.equal(1);
      expect(remembered.status).to.equal(1);
      expect(remembered.logs[0]?.topics).to.deep.equal(receipts[0]?.logs[0]?.topics);
      expect(await bench.supply()).to.equal(5n);
    });

    it("lands many jobs that are sent at once", async () => {
      const sender = await bench.open();
      const jobs = Array.from({ length: 60 }, (_, i) => bench.minting.mintJob(`many/${i}`, BigInt(i)));
      const receipts = await Promise.all(jobs.map((job) => sender.send(job)));
      expect(new Set(receipts.map(({ hash }) => hash)).size).to.equal(60);
      expect(await bench.supply()).to.equal((59n * 60n) / 2n);
      expect(await bench.chain.provider.getTransactionCount(sender.address)).to.equal(60);
    });

    it("sends nothing that the simulation refuses, and names the contract's error", async () => {
      const sender = await bench.open();
      const refused = await sender
        .send(bench.minting.mintJob("refused", 10n ** 30n))
        .catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(TransactionRevertedError);
      const { revert, hash, retry, code } = refused as TransactionRevertedError;
      expect({ hash, retry, code }).to.deep.equal({
        hash: undefined,
        retry: false,
        code: "transactions/reverted",
      });
      expect(revert.name).to.equal("MyceliaToken_OverCap");
      expect(revert.args[0]).to.equal(10n ** 30n);
      expect(await bench.chain.provider.getTransactionCount(sender.address, "pending")).to.equal(0);
      // Nothing landed, so the key is free for a call that works.
      expect(await sender.knows("refused")).to.equal(false);
      await sender.send(bench.minting.mintJob("refused", 1n));
      expect(await bench.supply()).to.equal(1n);
    });

    it("refuses a key that comes back with another call, and what is no call", async () => {
      const sender = await bench.open();
      await sender.send(bench.minting.mintJob("key", 1n));
      const other = sender.send(bench.minting.mintJob("key", 2n));
      await expect(other).to.be.rejected.and.eventually.have.property("code", "transactions/key-conflict");
      for (const bad of [{ to: "0x12" }, { data: "0x123" }, { data: "mint" }, { value: -1n }, { key: "" }]) {
        const sent = sender.send({ ...bench.minting.mintJob("bad", 1n), ...bad });
        await expect(sent).to.be.rejected.and.eventually.have.property("code", "transactions/bad-job");
      }
      expect(await bench.supply()).to.equal(1n);
    });

    it("says how much is missing when it can't pay, and goes on once it can", async () => {
      const signer = createMemorySigner();
      const sender = await bench.open({ signer });
      const job = { key: "gift", to: Wallet.createRandom().address, data: "0x", value: parseEther("1") };
      const sent = sender.send(job);
      await expect(sent).to.be.rejectedWith(signer.address).and.eventually.include({ retry: true });
      await fund(bench.chain.provider, signer.address);
      await sender.send(job);
      expect(await bench.chain.provider.getBalance(job.to)).to.equal(parseEther("1"));
    });

    it("waits for the configured depth", async () => {
      const sender = await bench.open({ confirmations: 2 });
      let isOver = false;
      const sent = sender.send(bench.minting.mintJob("deep", 1n)).then(() => {
        isOver = true;
      });
      await eventually("it is mined", async () => (await bench.supply()) === 1n);
      await bench.chain.rpc("evm_mine");
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(isOver).to.equal(false);
      await bench.chain.rpc("evm_mine");
      await sent;
    });

    it("offers a transaction again that a reorg took out before its depth", async () => {
      const sender = await bench.open({ confirmations: 2 });
      const base = await bench.chain.rpc("evm_snapshot");
      const sent = sender.send(bench.minting.mintJob("reorg", 1n));
      await eventually("it is mined", async () => (await bench.supply()) === 1n);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await bench.chain.rpc("evm_revert", base);
      expect(await bench.supply()).to.equal(0n);
      await eventually("it is mined again", async () => (await bench.supply()) === 1n);
      await bench.chain.rpc("evm_mine");
      await bench.chain.rpc("evm_mine");
      expect((await sent).status).to.equal(1);
      expect(await bench.supply()).to.equal(1n);
    });

    it("offers a finished job again when it is asked for after a reorg deeper than its depth", async () => {
      const sender = await bench.open();
      const job = bench.minting.mintJob("deep reorg", 1n);
      const base = await bench.chain.rpc("evm_snapshot");
      await sender.send(job);
      await bench.chain.rpc("evm_revert", base);
      const early = sender.send(job);
      await expect(early).to.be.rejected.and.eventually.have.property(
        "code",
        "transactions/receipt-uncertain",
      );
      await bench.chain.rpc("evm_mine");
      expect(await bench.supply()).to.equal(0n);
      expect((await sender.send(job)).status).to.equal(1);
      expect(await bench.supply()).to.equal(1n);
      expect(await bench.chain.provider.getTransactionCount(sender.address)).to.equal(1);
    });
  });
}
