import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { getCreateAddress, parseEther, Signature, toBeHex, Wallet } from "ethers";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { TransactionRevertedError } from "../../../keepers/runtime/transactions/errors.ts";
import { openTransactionSender } from "../../../keepers/runtime/transactions/lane.ts";
import type { SenderOptions } from "../../../keepers/runtime/transactions/options.ts";
import type { TransactionSender } from "../../../keepers/runtime/transactions/sender.ts";
import { startAnvil, startHardhat, type TestChain } from "./chains.ts";
import { eventually, temporaryDirectory } from "./temporary.ts";
import { deployToken, fund, gwei, type MintingKey, mintTo, RICH_KEY } from "./token.ts";

use(chaiAsPromised);

interface Bench {
  chain: TestChain;
  minting: MintingKey;
  store: Store;
  open(options?: Partial<SenderOptions>): Promise<TransactionSender>;
  supply(): Promise<bigint>;
}

/** A chain with a token on it, and senders of its minter, all on one journal a test. */
function setUpBench(start: () => Promise<TestChain>): Bench {
  const bench = {} as Bench;
  const root = openLmdbStore(temporaryDirectory());
  let opened: TransactionSender[] = [];
  let journals = 0;

  before(async () => {
    bench.chain = await start();
    bench.supply = async () => await bench.minting.token.totalSupply();
    bench.open = async (options) => {
      const sender = await openTransactionSender({
        provider: bench.chain.provider,
        signer: bench.minting.signer,
        store: bench.store,
        chainId: 31_337,
        errors: [bench.minting.token.interface],
        pollMs: 30,
        ...options,
      });
      opened.push(sender);
      return sender;
    };
  });

  beforeEach(async () => {
    bench.minting = await deployToken(bench.chain.provider);
    bench.store = root.under(`${++journals}/`);
  });

  afterEach(async () => {
    for (const sender of opened) await sender.close();
    opened = [];
  });

  after(() => bench.chain.stop());
  return bench;
}

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

describe("transaction sender and a pool that waits (anvil)", () => {
  const bench = setUpBench(() => startAnvil("--no-mining", "--order", "fees"));

  const mine = () => bench.chain.rpc("evm_mine");
  const pooled = async () => {
    const { pending } = (await bench.chain.rpc("txpool_content")) as {
      pending: Record<
        string,
        Record<string, { hash: string; maxFeePerGas: string; maxPriorityFeePerGas: string }>
      >;
    };
    const own = bench.minting.signer.address.toLowerCase();
    return Object.entries(pending).flatMap(([from, sent]) =>
      from.toLowerCase() === own ? Object.values(sent) : [],
    );
  };
  const poolHolds = (count: number) =>
    eventually(`the pool holds ${count}`, async () => (await pooled()).length === count);

  it("lets jobs that build on each other fly together", async () => {
    const sender = await bench.open();
    const own = sender.address;
    const to = Wallet.createRandom().address;
    const { token } = bench.minting;
    const transfer = token.interface.encodeFunctionData("transfer", [to, 3n]);
    const both = [
      sender.send(mintTo(bench.minting.address, "first", own, 3n)),
      sender.send({ key: "second", to: bench.minting.address, data: transfer }),
    ];
    await poolHolds(2);
    await mine();
    const [first, second] = await Promise.all(both);
    expect(second?.blockNumber).to.equal(first?.blockNumber);
    expect(await token.balanceOf(to)).to.equal(3n);
  });

  it("offers at least an eighth more after the deadline, under the same nonce", async () => {
    const sender = await bench.open({ resubmitMs: 300 });
    const sent = sender.send(bench.minting.mintJob("slow", 1n));
    await poolHolds(1);
    const [first] = await pooled();
    await eventually("it is replaced", async () => (await pooled())[0]?.hash !== first?.hash);
    const [second] = await pooled();
    for (const fee of ["maxFeePerGas", "maxPriorityFeePerGas"] as const) {
      expect(BigInt(second?.[fee] ?? 0) * 8n >= BigInt(first?.[fee] ?? 0) * 9n, fee).to.equal(true);
    }
    expect(await pooled()).to.have.length(1);
    await mine();
    expect((await sent).status).to.equal(1);
    expect(await bench.supply()).to.equal(1n);
  });

  it("never offers more than the cap, and waits while the base fee is above it", async () => {
    const cap = 3_000_000_000n;
    const sender = await bench.open({ maxFeePerGas: cap, resubmitMs: 50, timeoutMs: 1_000 });
    const job = bench.minting.mintJob("capped", 1n);
    await bench.chain.rpc("anvil_setNextBlockBaseFeePerGas", gwei(2));
    await mine();
    const sent = sender.send(job);
    await expect(sent).to.be.rejected.and.eventually.have.property("code", "transactions/timeout");
    const [offered] = await pooled();
    expect(BigInt(offered?.maxFeePerGas ?? 0)).to.be.within(1, Number(cap));
    await mine();
    await sender.send(job);
    await bench.chain.rpc("anvil_setNextBlockBaseFeePerGas", gwei(5));
    await mine();
    const late = sender.send(bench.minting.mintJob("late", 1n));
    await expect(late).to.be.rejectedWith("above the cap");
    expect(await pooled()).to.have.length(0);
  });

  it("gives up waiting without giving up the transaction", async () => {
    const sender = await bench.open({ timeoutMs: 300 });
    const job = bench.minting.mintJob("patient", 1n);
    await expect(sender.send(job)).to.be.rejected.and.eventually.include({
      code: "transactions/timeout",
      retry: true,
    });
    const stop = new AbortController();
    const second = sender.send(job, stop.signal);
    stop.abort(new Error("no more"));
    await expect(second).to.be.rejectedWith("no more");
    await mine();
    expect((await sender.send(job)).status).to.equal(1);
    expect(await bench.supply()).to.equal(1n);
  });

  it("takes up what was in flight when it closed, even when the node has lost it", async () => {
    const sender = await bench.open();
    const jobs = [bench.minting.mintJob("a", 1n), bench.minting.mintJob("b", 2n)];
    const waiting = jobs.map((job) => sender.send(job));
    await poolHolds(2);
    await sender.close();
    for (const sent of waiting) {
      await expect(sent).to.be.rejected.and.eventually.have.property("code", "transactions/closed");
    }
    await bench.chain.rpc("anvil_dropAllTransactions");
    await bench.open();
    await poolHolds(2);
    await mine();
    expect(await bench.supply()).to.equal(3n);
  });

  it("sends again under another nonce when somebody else used the key", async () => {
    const sender = await bench.open();
    const sent = sender.send(bench.minting.mintJob("displaced", 1n));
    await poolHolds(1);
    const rival = new Wallet(bench.minting.privateKey, bench.chain.provider);
    await rival.sendTransaction({ to: rival.address, nonce: 0, gasLimit: 21_000, ...HASTE });
    await mine();
    expect(await bench.supply()).to.equal(0n);
    await poolHolds(1);
    await mine();
    expect((await sent).status).to.equal(1);
    expect(await bench.supply()).to.equal(1n);
  });

  it("tells of a revert in a block that the simulation did not see coming", async () => {
    const sender = await bench.open();
    const { token, address, signer } = bench.minting;
    const now = (await bench.chain.provider.getBlock("latest"))?.timestamp ?? 0;
    const deadline = now + 1_000;
    const spender = Wallet.createRandom().address;
    const domain = { name: "Mycelia", version: "1", chainId: 31_337, verifyingContract: address };
    const permit = { owner: signer.address, spender, value: 1n, nonce: 0n, deadline };
    const { v, r, s } = Signature.from(await signer.signTypedData(domain, PERMIT, permit));
    const data = token.interface.encodeFunctionData("permit", [permit.owner, spender, 1n, deadline, v, r, s]);
    const sent = sender.send({ key: "permit", to: address, data });
    await poolHolds(1);
    await bench.chain.rpc("evm_setNextBlockTimestamp", deadline + 1);
    await mine();
    const error = (await sent.catch((reason: unknown) => reason)) as TransactionRevertedError;
    expect(error).to.be.instanceOf(TransactionRevertedError);
    expect(error.revert.name).to.equal("ERC2612ExpiredSignature");
    expect(error.hash).to.match(/^0x[0-9a-f]{64}$/);
  });

  it("gives a transaction that ran out of gas more, and lands it once", async () => {
    const sender = await bench.open();
    const rich = new Wallet(RICH_KEY, bench.chain.provider);
    const nonce = await bench.chain.provider.getTransactionCount(rich.address);
    await rich.sendTransaction({ data: TREADMILL, nonce, gasLimit: 1_000_000 });
    await mine();
    const treadmill = getCreateAddress({ from: rich.address, nonce });
    const sent = sender.send({ key: "run", to: treadmill, data: "0x" });
    await poolHolds(1);
    await rich.sendTransaction({
      to: treadmill,
      data: toBeHex(10_000, 32),
      nonce: nonce + 1,
      gasLimit: 100_000,
      ...HASTE,
    });
    await mine();
    await poolHolds(1);
    await mine();
    const receipt = await sent;
    expect(receipt.status).to.equal(1);
    expect(receipt.gasUsed > 300_000n).to.equal(true);
    expect(await bench.chain.provider.getTransactionCount(sender.address)).to.equal(2);
  });
});

const PERMIT = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** Fees with which a transaction comes before ours. */
const HASTE = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 11n };

/**
 * Creation code of a contract that stores the word it is called with, and called with nothing counts down from it: its gas
 * can grow between simulation and block.
 */
const TREADMILL = "0x601f8060093d393df3366017576000545b80156015576001900360075600" + "5b005b60003560005500";
