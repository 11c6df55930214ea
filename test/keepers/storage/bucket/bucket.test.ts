import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { objectName } from "../../../../keepers/storage/bucket/objectNames.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { codeOfRejection } from "../codes.ts";
import { randomUpload } from "../uploads.ts";
import { ALICE, BucketStores, NUMBERS, type Put } from "./bucketStores.ts";
import { SLOW_DOWN } from "./faultProxy.ts";

const COMPACTION = { deadShare: 0.5, throttle: async () => undefined };
const { signal } = new AbortController();

describe("storage: rows in a bucket", () => {
  const stores = BucketStores.use();

  it("takes rows whose answer was lost, and stores them once", async () => {
    const node = await stores.start();
    stores.proxy.plan("PUT", { kind: "lose-answer" }, 1);
    const first = await stores.put(node);
    expect(stores.proxy.hits).to.be.greaterThan(0);
    await stores.expectHeld(node, first);
    expect(await stores.home.bytes()).to.equal(node.segments.quota.used);
  });

  it("refuses rows that don't get through, for whatever reason, and goes on once they do", async () => {
    const node = await stores.start();
    const before = await stores.put(node);
    for (const fault of [{ kind: "cut", afterBytes: 1_500 }, SLOW_DOWN, { kind: "stall" }] as const) {
      stores.proxy.plan("PUT", fault);
      const hits = stores.proxy.hits;
      const puts = await Promise.all([1, 2, 3, 4].map(() => codeOfRejection(stores.put(node))));
      expect(new Set(puts)).to.deep.equal(new Set(["storage/write-failed"]));
      // One write has been tried, three times; who waited behind it was refused without one.
      expect(stores.proxy.hits - hits).to.be.within(1, 3);
      await stores.expectHeld(node, before);
      stores.proxy.heal();
      await stores.expectHeld(node, await stores.putOnceTaken(node));
    }
    await stores.close(node);
    const again = await stores.start();
    await stores.expectHeld(again, before);
  });

  it("stands an endpoint that is away for a while: reads fail cleanly, and nothing is taken for lost", async () => {
    const node = await stores.start();
    const lost: string[] = [];
    node.segments.onLoss((name) => lost.push(name));
    const known = await stores.put(node);
    await stores.proxy.down();
    expect(await codeOfRejection(node.segments.strips(known[0], NUMBERS))).to.equal(
      "storage/bucket-unavailable",
    );
    expect(await codeOfRejection(node.segments.head(known[0]))).to.equal("storage/bucket-unavailable");
    expect(await codeOfRejection(stores.put(node))).to.equal("storage/write-failed");
    await stores.proxy.up();
    await stores.expectHeld(node, known);
    await stores.expectHeld(node, await stores.putOnceTaken(node));
    expect(lost).to.deep.equal([]);
  });

  it("never uses a number again whose write may have come to something, and gives its space back", async () => {
    const node = await stores.start();
    const known = await stores.put(node);
    stores.proxy.plan("PUT", { kind: "lose-answer" });
    expect(await codeOfRejection(stores.put(node))).to.equal("storage/write-failed");
    stores.proxy.heal();
    const after = await stores.putOnceTaken(node);
    expect(new Set(await stores.home.files()).size).to.be.greaterThan(2);
    while (await node.segments.compact(COMPACTION, signal));
    expect(await stores.home.bytes()).to.equal(node.segments.quota.used);
    expect(await stores.home.files()).to.have.length(2);
    for (const each of [known, after]) await stores.expectHeld(node, each);
  });

  it("finds rows of which nobody was told at the next start, and what was acknowledged with them", async () => {
    const node = await stores.start();
    const known = await stores.put(node);
    stores.proxy.plan("PUT", { kind: "lose-answer" });
    const [commitment, upload] = [randomBytes(32), randomUpload(NUMBERS)];
    expect(await codeOfRejection(node.segments.putStrips(commitment, ALICE, upload))).to.equal(
      "storage/write-failed",
    );
    stores.proxy.heal();
    await stores.close(node);
    const again = await stores.start();
    await stores.expectHeld(again, known);
    await stores.expectHeld(again, [commitment, upload]);
    expect(await stores.home.bytes()).to.equal(again.segments.quota.used);
  });

  it("gives up what was damaged or deleted behind its back, takes it again, and reads the rest", async () => {
    const node = await stores.start();
    const [gone, damaged, sound] = [await stores.put(node), await stores.put(node), await stores.put(node)];
    const placeOf = async ([commitment]: Put) => (await node.segments.index.segment(nameOf(commitment)))!;
    await stores.home.remove((await placeOf(gone)).head.file);
    const [, [, { file, offset }]] = (await placeOf(damaged)).strips as [
      unknown,
      [number, { file: number; offset: number }],
    ];
    await stores.home.overwrite(file, offset + 70, Buffer.alloc(8, 0xee));
    const lost: string[] = [];
    node.segments.onLoss((name) => lost.push(name));
    expect(await stores.heldOf(node, gone)).to.deep.equal([]);
    expect(await stores.heldOf(node, damaged)).to.deep.equal([1, 3]);
    await stores.expectHeld(node, sound);
    expect(new Set(lost)).to.deep.equal(new Set([gone, damaged].map(([commitment]) => nameOf(commitment))));
    expect(await node.segments.head(gone[0])).to.equal(undefined);
    for (const [commitment, upload] of [gone, damaged])
      await node.segments.putStrips(commitment, ALICE, upload);
    for (const each of [gone, damaged, sound]) await stores.expectHeld(node, each);
  });

  it("gives up what was deleted while it did not run, by compaction", async () => {
    const node = await stores.start();
    const [gone, kept] = [await stores.put(node), await stores.put(node)];
    const { file } = (await node.segments.index.segment(nameOf(gone[0])))!.head;
    await stores.close(node);
    await stores.home.remove(file);
    const again = await stores.start();
    const lost: string[] = [];
    again.segments.onLoss((name) => lost.push(name));
    while (await again.segments.compact(COMPACTION, signal));
    expect(new Set(lost)).to.deep.equal(new Set([nameOf(gone[0])]));
    expect(await again.segments.index.segment(nameOf(gone[0]))).to.equal(undefined);
    await stores.expectHeld(again, kept);
    expect(await stores.home.bytes()).to.equal(again.segments.quota.used);
  });

  it("makes few objects of many small ones", async () => {
    const node = await stores.start();
    const all: Put[] = [];
    for (let i = 0; i < 20; i++) all.push(await stores.put(node));
    expect(await stores.home.files()).to.have.length(20);
    while (await node.segments.compact(COMPACTION, signal));
    expect((await stores.home.files()).length).to.be.lessThan(8);
    for (const each of all) await stores.expectHeld(node, each);
    await stores.close(node);
    // Heads lie behind strips by now; a lost index is made anew all the same.
    const again = await stores.start({ index: "another" });
    for (const each of all) await stores.expectHeld(again, each);
  });

  it("keeps to its quota", async () => {
    const node = await stores.start({ quotaBytes: 12 * 1024 });
    const known = await stores.put(node);
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOfRejection(stores.put(node))));
    expect(codes).to.include("storage/quota-exceeded");
    expect(await stores.home.bytes()).to.be.at.most(12 * 1024);
    await stores.expectHeld(node, known);
  });

  it("ignores what isn't its own, and an object of its name that holds garbage", async () => {
    const node = await stores.start();
    const known = await stores.put(node);
    await stores.close(node);
    await stores.home.put("notes.txt", Buffer.from("hello"));
    await stores.home.put(objectName(2 ** 32 * 7), randomBytes(5_000));
    const again = await stores.start();
    expect(again.segments.recovery.damagedBytes).to.equal(5_000);
    await stores.expectHeld(again, known);
    await stores.expectHeld(again, await stores.put(again));
  });
});
