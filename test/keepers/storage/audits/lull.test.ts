import { expect } from "chai";
import { Lull } from "../../../../keepers/storage/audits/lull.ts";

const EPOCH_LENGTH = 1_000n;

describe("storage: the time when there is nothing to do", () => {
  const at = (time: bigint, head = "0xaa") => ({
    ...{ time, head, epoch: time / EPOCH_LENGTH, epochLength: EPOCH_LENGTH },
  });

  it("has not begun before a look", () => {
    expect(new Lull().lasts(at(5_000n, ""))).to.equal(false);
  });

  it("lasts until a block comes", () => {
    const lull = new Lull();
    lull.begin(at(5_000n), []);
    expect(lull.lasts(at(5_001n))).to.equal(true);
    expect(lull.lasts(at(5_001n, "0xbb"))).to.equal(false);
  });

  it("lasts until the first window that is open ends", () => {
    const lull = new Lull();
    lull.begin(at(5_100n), [0n, 5_099n, 5_300n, 5_200n]);
    expect(lull.lasts(at(5_200n))).to.equal(true);
    expect(lull.lasts(at(5_201n))).to.equal(false);
  });

  it("ends with the epoch", () => {
    const lull = new Lull();
    lull.begin(at(5_100n), [7_000n]);
    expect(lull.lasts(at(5_999n))).to.equal(true);
    expect(lull.lasts(at(6_000n))).to.equal(false);
  });

  it("does not begin where blocks can't be told apart", () => {
    const lull = new Lull();
    lull.begin(at(5_000n, ""), []);
    expect(lull.lasts(at(5_000n, ""))).to.equal(false);
  });

  it("is over when it is ended", () => {
    const lull = new Lull();
    lull.begin(at(5_100n), []);
    lull.end();
    expect(lull.lasts(at(5_100n))).to.equal(false);
  });
});
