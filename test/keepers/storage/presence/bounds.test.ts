import { join } from "node:path";
import { expect } from "chai";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { ChallengeBook } from "../../../../keepers/storage/presence/challengeBook.ts";
import { Watch } from "../../../../keepers/storage/presence/watch.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";

function member(number: number, endpoint = `http://127.0.0.1:${number}`): CommitteeMember {
  return { number, operator: `0x${number}`, signer: `0x${number}`, endpoint, slots: 1n << BigInt(number) };
}

describe("storage: patience with silent members", () => {
  const members = [1, 2, 3, 4, 5, 6].map((number) => member(number));
  const [first, second, third] = members as [CommitteeMember, CommitteeMember, CommitteeMember];
  let now: number;
  let watch: Watch;

  beforeEach(() => {
    now = 0;
    watch = new Watch({ probes: 3, spanMs: 100 }, () => now);
    watch.watch(members);
  });

  function silent(who: CommitteeMember, ...times: number[]): void {
    for (const time of times) {
      now = time;
      watch.note(who, false);
    }
  }

  it("takes enough probes over enough time", () => {
    silent(first, 0, 200);
    expect(watch.isGone(first)).to.equal(false);
    silent(second, 0, 50, 99);
    expect(watch.isGone(second)).to.equal(false);
    silent(second, 100);
    expect(watch.isGone(second)).to.equal(true);
    expect(watch.isGone(third)).to.equal(false);
  });

  it("begins anew with an answer, another endpoint or another seat's holder", () => {
    silent(first, 0, 50, 100);
    watch.note(first, true);
    expect([watch.isGone(first), watch.silent]).to.deep.equal([false, 0]);
    silent(first, 100, 150, 200);
    watch.watch([member(1, "http://127.0.0.1:99"), ...members.slice(1)]);
    expect([watch.isGone(first), watch.silent]).to.deep.equal([false, 0]);
    silent(second, 200, 250, 300);
    watch.watch(members.filter((other) => other !== second));
    expect([watch.isGone(second), watch.silent]).to.deep.equal([false, 0]);
  });

  it("is cut off when more than a third are silent", () => {
    silent(first, 0);
    silent(second, 0);
    expect(watch.isCutOff).to.equal(false);
    silent(third, 0);
    expect(watch.isCutOff).to.equal(true);
  });
});

describe("storage: what challenges may cost", () => {
  it("doubles the rest of a member with each challenge, across restarts", async () => {
    const directory = join(temporaryDirectory(), "store");
    const asked: bigint[] = [];
    for (let epoch = 0n; epoch < 600n; epoch++) {
      if (epoch % 150n !== 0n) continue;
      const store = openLmdbStore(directory);
      const book = new ChallengeBook(store);
      for (let at = epoch; at < epoch + 150n; at++) {
        if (!(await book.mayAsk("0xa", at))) continue;
        await book.note("0xa", at);
        asked.push(at);
      }
      await store.close();
    }
    expect(asked).to.deep.equal([0n, 1n, 3n, 7n, 15n, 31n, 63n, 127n, 255n, 511n]);
  });

  it("counts what an epoch has cost, and forgets who has left later", async () => {
    const store = openLmdbStore(join(temporaryDirectory(), "store"));
    const book = new ChallengeBook(store);
    await book.note("0xa", 7n);
    await book.note("0xb", 7n);
    await book.prune(new Set(["0xb"]), 7n);
    expect([await book.count(6n), await book.count(7n)]).to.deep.equal([0, 2]);
    await book.note("0xb", 8n);
    await book.prune(new Set(["0xb"]), 8n);
    expect(await book.count(7n)).to.equal(0);
    expect(await book.count(8n)).to.equal(1);
    expect([await book.mayAsk("0xb", 9n), await book.mayAsk("0xb", 10n)]).to.deep.equal([false, true]);
    await store.close();
  });
});
