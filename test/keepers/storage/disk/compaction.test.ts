import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../../keepers/runtime/store/store.ts";
import { SegmentStore, type SegmentStoreOptions } from "../../../../keepers/storage/disk/segmentStore.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { setOf } from "../../../../keepers/storage/format/placement.ts";
import { randomUpload } from "../uploads.ts";
import { FaultyStore } from "./faultyStore.ts";
import { BucketHome, DirectoryHome } from "./rowHomes.ts";

const ALICE = `0x${"a1".repeat(20)}`;
const FILE_BYTES = 16 * 1024;
const COMPACTION = { deadShare: 0.5, throttle: async () => undefined };
const { signal } = new AbortController();

type Upload = ReturnType<typeof randomUpload>;

for (const home of [new DirectoryHome(), new BucketHome()])
  describe(`storage: dropping and compacting over ${home.name}`, () => {
    let directory: string;
    let index: Store;
    let segments: SegmentStore;

    const start = async (options: Partial<SegmentStoreOptions> = {}, wrap = (store: Store) => store) => {
      index = openLmdbStore(join(directory, "index"));
      segments = await SegmentStore.open({
        rows: await home.place(index.under("storage/"), { maxFileBytes: FILE_BYTES }),
        store: wrap(index.under("storage/")),
        quotaBytes: 64 * 1024 ** 2,
        creditOf: async () => 64 * 1024 ** 2,
        ...options,
      });
    };
    const stop = async () => {
      await segments.close();
      await index.close();
    };
    const compactAll = async () => {
      while (await segments.compact(COMPACTION, signal));
    };
    /** What a segment must read as: those of its strips in `kept`, and nothing else. */
    const expectHeld = async (commitment: Uint8Array, upload: Upload, kept: readonly number[]) => {
      const all = upload.strips.map(({ number }) => number);
      const wanted = upload.strips.filter(({ number }) => kept.includes(number));
      const held = await segments.strips(commitment, all);
      expect(held.map(({ number }) => number)).to.deep.equal(wanted.map(({ number }) => number));
      for (const [i, { rows, path }] of held.entries()) {
        expect(Buffer.compare(rows, wanted[i]!.rows), "rows").to.equal(0);
        expect(Buffer.compare(path, wanted[i]!.path), "path").to.equal(0);
      }
      const head = await segments.head(commitment);
      if (kept.length === 0) expect(head).to.equal(undefined);
      else expect(Buffer.compare(head!, upload.headBytes)).to.equal(0);
    };

    before(function () {
      return home.start(this);
    });
    after(() => home.stop());
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "compaction-"));
      await home.clear();
      await start();
    });
    afterEach(async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    });

    it("keeps what is kept and loses what is dropped, whatever the order, over restarts (property)", async () => {
      const step = fc.oneof(
        fc.record({
          segment: fc.nat(5),
          strips: fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 6 }),
        }),
        fc.record({ segment: fc.nat(5), part: fc.nat(3) }),
        fc.record({ do: fc.constantFrom("compact" as const, "restart" as const) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: home.slowness > 1 ? 12 : 30 }), async (steps) => {
          const model = new Map<number, { commitment: Uint8Array; upload: Upload; kept: number[] }>();
          for (const each of steps) {
            if ("do" in each && each.do === "restart") {
              await stop();
              await start();
            } else if ("do" in each) await compactAll();
            else if ("strips" in each) {
              if (model.has(each.segment)) continue;
              const [commitment, upload] = [randomBytes(32), randomUpload(each.strips.sort((a, b) => a - b))];
              await segments.putStrips(commitment, ALICE, upload);
              model.set(each.segment, { commitment, upload, kept: each.strips });
            } else {
              const known = model.get(each.segment);
              if (known === undefined) continue;
              const kept = known.kept.filter((_, i) => each.part !== 0 && i % each.part !== 0);
              const bytes = await segments.drop(nameOf(known.commitment), () => setOf(kept));
              expect(bytes > 0).to.equal(
                kept.length < known.kept.length || (kept.length === 0 && known.kept.length > 0),
              );
              known.kept = kept;
            }
            for (const { commitment, upload, kept } of model.values())
              await expectHeld(commitment, upload, kept);
            expect(segments.quota.used).to.equal(await home.bytes());
          }
        }),
        { numRuns: Math.ceil(25 / home.slowness) },
      );
    });

    it("gives space and credit back, and takes the dropped again", async () => {
      const uploads = Array.from(
        { length: 12 },
        () => [randomBytes(32), randomUpload([1, 2, 3, 4])] as const,
      );
      for (const [commitment, upload] of uploads) await segments.putStrips(commitment, ALICE, upload);
      const [used, owed] = [segments.quota.used, await segments.index.unpublished(ALICE)];
      for (const [commitment] of uploads.slice(1)) await segments.drop(nameOf(commitment), () => 0n);
      expect(await segments.index.unpublished(ALICE)).to.equal(owed / 12);
      expect(segments.quota.used).to.equal(used);
      await compactAll();
      expect(segments.quota.used).to.be.lessThan(used / 3);
      expect(segments.quota.used).to.equal(await home.bytes());
      const [again, upload] = uploads[5]!;
      expect((await segments.putStrips(again, ALICE, upload)).added).to.equal(4);
      await expectHeld(again, upload, [1, 2, 3, 4]);
      await expectHeld(...uploads[0]!, [1, 2, 3, 4]);
    });

    it("serves reads and takes writes while it compacts", async () => {
      const count = home.slowness > 1 ? 5 : 20;
      const kept = Array.from({ length: count }, () => [randomBytes(32), randomUpload([9, 10])] as const);
      const dead = Array.from({ length: 3 * count }, () => [randomBytes(32), randomUpload([9, 10])] as const);
      const lost: string[] = [];
      segments.onLoss((name) => lost.push(name));
      for (let i = 0; i < dead.length; i++) {
        await segments.putStrips(dead[i]![0], ALICE, dead[i]![1]);
        if (i % 3 === 0) await segments.putStrips(kept[i / 3]![0], ALICE, kept[i / 3]![1]);
      }
      for (const [commitment] of dead) await segments.drop(nameOf(commitment), () => 0n);
      let done = false;
      const reading = (async () => {
        let reads = 0;
        while (!done) {
          for (const [commitment, upload] of kept) await expectHeld(commitment, upload, [9, 10]);
          reads++;
        }
        return reads;
      })();
      const fresh = [randomBytes(32), randomUpload([7])] as const;
      await Promise.all([compactAll(), segments.putStrips(fresh[0], ALICE, fresh[1])]);
      done = true;
      expect(await reading).to.be.greaterThan(0);
      await expectHeld(...fresh, [7]);
      expect(lost).to.deep.equal([]);
    });

    it("gives up what a damaged file has lost, and removes the file", async () => {
      const all = Array.from({ length: 8 }, (_, i) => i);
      const uploads = Array.from({ length: 8 }, () => [randomBytes(32), randomUpload(all, 1024)] as const);
      for (const [commitment, upload] of uploads) await segments.putStrips(commitment, ALICE, upload);
      const [first, second] = uploads as [(typeof uploads)[number], (typeof uploads)[number]];
      const { strips } = (await segments.index.segment(nameOf(first[0])))!;
      const { file, offset } = strips[1]![1];
      await home.overwrite(file, offset, Buffer.alloc(64, 0xff));
      for (const [i, [commitment]] of uploads.entries())
        await segments.drop(nameOf(commitment), () => (i < 2 ? setOf([0, 1]) : 0n));
      await compactAll();
      expect(await home.files()).to.not.include(file);
      await expectHeld(first[0], first[1], [0]);
      await expectHeld(...second, [0, 1]);
    });

    it("makes a lost index anew after a compaction, also when it dies while it does", async () => {
      const kept = Array.from({ length: 3 }, () => [randomBytes(32), randomUpload([5, 6])] as const);
      const dead = Array.from({ length: 9 }, () => [randomBytes(32), randomUpload([5, 6])] as const);
      for (const [commitment, upload] of kept) {
        await segments.putStrips(commitment, ALICE, upload);
        for (const [other, more] of dead.splice(0, 3)) {
          await segments.putStrips(other, ALICE, more);
          await segments.drop(nameOf(other), () => 0n);
        }
        // Lies behind the head's copy, or before it, as it comes.
        await segments.putStrips(commitment, ALICE, { ...upload, strips: randomUpload([200]).strips });
      }
      await compactAll();
      await stop();
      for (let failAt = 1, wasHit = true; wasHit; failAt++) {
        await rm(join(directory, "index"), { recursive: true, force: true });
        wasHit = await start({}, (store) => {
          const faults = new FaultyStore(store);
          faults.failAt(failAt);
          return faults;
        }).then(
          () => false,
          () => true,
        );
        await (wasHit ? index.close() : stop());
        await start();
        for (const [commitment] of kept)
          expect((await segments.strips(commitment, [5, 6, 200])).length).to.equal(3);
        if (!wasHit) expect(failAt).to.be.greaterThan(3);
        else await stop();
      }
    });

    it("loses nothing and resurrects nothing when its index fails at any write of a compaction", async () => {
      for (let failAt = 1, wasHit = true; wasHit; failAt++) {
        const count = home.slowness > 1 ? 1 : 3;
        const kept = Array.from({ length: count }, () => [randomBytes(32), randomUpload([5, 6])] as const);
        const dead = Array.from(
          { length: 3 * count },
          () => [randomBytes(32), randomUpload([5, 6])] as const,
        );
        await stop();
        let faults!: FaultyStore;
        await start({}, (store) => (faults = new FaultyStore(store)));
        for (const [commitment, upload] of [...kept, ...dead].sort(() => Math.random() - 0.5))
          await segments.putStrips(commitment, ALICE, upload);
        for (const [commitment] of dead) await segments.drop(nameOf(commitment), () => 0n);
        faults.failAt(failAt);
        wasHit = await compactAll().then(
          () => false,
          () => true,
        );
        // As after kill -9: nothing is closed in order but the index.
        await stop();
        await start();
        await compactAll();
        for (const [commitment, upload] of kept) await expectHeld(commitment, upload, [5, 6]);
        for (const [commitment, upload] of dead) await expectHeld(commitment, upload, []);
        expect(segments.quota.used).to.equal(await home.bytes());
        if (!wasHit) expect(failAt, "some writes failed").to.be.greaterThan(3);
      }
    });
  });
