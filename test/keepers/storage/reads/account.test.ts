import { expect } from "chai";
import { ReadAccount } from "../../../../keepers/storage/client/readAccount.ts";
import { codeOf } from "../codes.ts";

/** A wei a byte. */
const PRICE = 1n << 30n;
const bill = (servedBytes: bigint, answerBytes: bigint, price = PRICE) => ({
  price,
  servedBytes,
  answerBytes,
});

describe("storage: what a reader agrees to pay", () => {
  it("is what has come and the answer it has asked for", () => {
    const account = new ReadAccount(PRICE, 10_000n, 0n);
    const first = account.begin(100, 2_000);
    expect(account.amount()).to.equal(100n);
    account.end(first, 100n);
    const second = account.begin(undefined, 500);
    expect(account.amount()).to.equal(100n);
    expect(account.accept(second, bill(100n, 40n))).to.equal(140n);
    account.end(second, 40n);
    expect(account.amount()).to.equal(140n);
  });

  it("is never more, whatever a member says", () => {
    const account = new ReadAccount(PRICE, 10_000n, 0n);
    const turn = account.begin(100, 2_000);
    for (const asked of [bill(1n, 100n), bill(0n, 101n), bill(0n, 100n, PRICE + 1n)])
      expect(codeOf(() => account.accept(turn, asked))).to.equal("storage/overcharged");
    expect(account.accept(turn, bill(0n, 100n))).to.equal(100n);
  });

  it("covers answers on their way, and those that were lost", () => {
    const account = new ReadAccount(PRICE, 10_000n, 0n);
    const lost = account.begin(100, 2_000);
    const other = account.begin(50, 2_000);
    expect(account.amount()).to.equal(150n);
    account.end(lost);
    account.end(other, 0n);
    const next = account.begin(undefined, 10);
    // What was signed for the answer that did not come is still worth as much.
    expect(account.accept(next, bill(100n, 10n))).to.equal(150n);
    expect(codeOf(() => account.accept(next, bill(101n, 10n)))).to.equal("storage/overcharged");
  });

  it("goes on from what was signed before a restart, and never beyond the seat's part", () => {
    const account = new ReadAccount(PRICE, 320n, 300n);
    const turn = account.begin(20, 2_000);
    expect(account.accept(turn, bill(300n, 20n))).to.equal(320n);
    account.end(turn, 20n);
    account.begin(1, 2_000);
    expect(codeOf(() => account.amount())).to.equal("storage/budget-exhausted");
  });
});
