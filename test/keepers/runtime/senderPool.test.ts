import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { getCreateAddress, Signature, toBeHex, Wallet } from "ethers";
import { TransactionRevertedError } from "../../../keepers/runtime/transactions/errors.ts";
import { startAnvil } from "./chains.ts";
import { setUpBench } from "./senderBench.ts";
import { eventually } from "./temporary.ts";
import { gwei, mintTo, RICH_KEY } from "./token.ts";

use(chaiAsPromised);

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
