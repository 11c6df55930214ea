import { expect } from "chai";
import fc from "fast-check";
import type { Engine, EngineEntry } from "../../../keepers/runtime/store/engine.ts";

const low = Buffer.of(0);
const high = Buffer.alloc(8, 0xff);

/** What every engine does; `open` gives an empty one. */
export function behavesAsEngine(open: () => Promise<Engine>): void {
  const key = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => Buffer.from(bytes));
  const value = fc.option(
    fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    { nil: undefined },
  );
  const order = ([a]: EngineEntry, [b]: EngineEntry) => Buffer.compare(a, b);

  it("holds what was committed last, in the order of the bytes (property)", async () => {
    const engine = await open();
    const model = new Map<string, EngineEntry>();
    const commits = fc.array(fc.array(fc.record({ key, value }), { maxLength: 12 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(commits, key, key, fc.boolean(), fc.nat(9), async (rounds, a, b, reverse, limit) => {
        for (const writes of rounds) {
          await engine.commit(writes);
          for (const write of writes)
            if (write.value === undefined) model.delete(write.key.toString("hex"));
            else model.set(write.key.toString("hex"), [write.key, write.value]);
        }
        const all = [...model.values()].sort(order);
        const within = all.filter(([at]) => Buffer.compare(at, a) >= 0 && Buffer.compare(at, b) < 0);
        const wanted = (reverse ? within.toReversed() : within).slice(0, limit + 1);
        expect(await engine.page({ low: a, high: b, reverse, limit: limit + 1 })).to.deep.equal(wanted);
        expect(await engine.get(a)).to.deep.equal(model.get(a.toString("hex"))?.[1]);
        const keys = [b, a, b];
        expect(await engine.getMany(keys)).to.deep.equal(
          keys.map((at) => model.get(at.toString("hex"))?.[1]),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("hands out copies, and keeps none of what it was given", async () => {
    const engine = await open();
    const [at, given] = [Buffer.from("copied"), Buffer.from("before")];
    await engine.commit([{ key: at, value: given }]);
    given.fill(0);
    const first = await engine.get(Buffer.from("copied"));
    first!.fill(0);
    expect((await engine.get(Buffer.from("copied")))?.toString()).to.equal("before");
  });

  it("takes the last write of a key in a commit", async () => {
    const engine = await open();
    const at = Buffer.from("twice");
    await engine.commit([
      { key: at, value: Buffer.of(1) },
      { key: at, value: undefined },
      { key: at, value: Buffer.of(2) },
    ]);
    expect(await engine.get(at)).to.deep.equal(Buffer.of(2));
  });

  it("takes an empty value, a long key and a value of a megabyte", async () => {
    const engine = await open();
    const [long, large] = [Buffer.alloc(1_900, 0x7f), Buffer.alloc(2 ** 20, 0x5a)];
    await engine.commit([
      { key: Buffer.from("empty"), value: Buffer.alloc(0) },
      { key: long, value: large },
    ]);
    expect(await engine.get(Buffer.from("empty"))).to.deep.equal(Buffer.alloc(0));
    expect((await engine.get(long))?.equals(large)).to.equal(true);
  });

  it("takes tens of thousands of writes in a commit", async () => {
    const engine = await open();
    const keys = Array.from({ length: 30_000 }, (_, i) => Buffer.from(`many/${String(i).padStart(6, "0")}`));
    await engine.commit(keys.map((at) => ({ key: at, value: at })));
    const found = await engine.getMany(keys);
    expect(found.every((bytes, i) => bytes?.equals(keys[i]!))).to.equal(true);
    await engine.commit(keys.map((at) => ({ key: at, value: undefined })));
    expect(
      await engine.page({ low: Buffer.from("many/"), high: Buffer.from("many0"), limit: 1 }),
    ).to.deep.equal([]);
  });

  it("finds nothing between bounds that are crossed or equal", async () => {
    const engine = await open();
    await engine.commit([{ key: Buffer.from("m"), value: Buffer.of(1) }]);
    expect(await engine.page({ low: high, high: low, limit: 5 })).to.deep.equal([]);
    const at = Buffer.from("m");
    for (const reverse of [false, true])
      expect(await engine.page({ low: at, high: at, reverse, limit: 5 })).to.deep.equal([]);
  });
}
