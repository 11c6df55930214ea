import { expect } from "chai";
import fc from "fast-check";
import { TokenBucket } from "../../../../keepers/storage/repair/tokenBucket.ts";

describe("token bucket", () => {
  it("never lets more through than rate and burst allow, one taker's excess aside", () => {
    const takes = fc.array(fc.record({ after: fc.nat(2_000), amount: fc.integer({ min: 1, max: 5_000 }) }));
    fc.assert(
      fc.property(takes, (list) => {
        let now = 0;
        const bucket = new TokenBucket(1_000, () => now);
        let granted = 0;
        for (const { after, amount } of list) {
          now += after;
          if (bucket.level() < 0) continue;
          expect(granted).to.be.at.most(1_000 + now);
          void bucket.take(amount, new AbortController().signal);
          granted += amount;
        }
      }),
    );
  });

  it("makes a taker wait for what is owed, and lets it go when told to stop", async () => {
    const bucket = new TokenBucket(1_000, () => 0);
    const stop = new AbortController();
    await bucket.take(100_000, stop.signal);
    const waiting = bucket.take(1, stop.signal);
    stop.abort(new Error("stopped"));
    await waiting.then(
      () => expect.fail("it was let through"),
      (error: Error) => expect(error.message).to.equal("stopped"),
    );
  });
});
