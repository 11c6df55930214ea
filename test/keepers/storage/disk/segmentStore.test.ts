import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../../keepers/runtime/store/store.ts";
import { SegmentStore, type SegmentStoreOptions } from "../../../../keepers/storage/disk/segmentStore.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { PackBuilder, packTableBytes } from "../../../../keepers/storage/format/pack.ts";
import { elementsOf, setOf } from "../../../../keepers/storage/format/placement.ts";
import { codeOfRejection } from "../codes.ts";
import { randomUpload } from "../uploads.ts";
import { BucketHome, DirectoryHome, type HomeOptions } from "./rowHomes.ts";

const ALICE = `0x${"a1".repeat(20)}`;
const BOB = `0x${"b0".repeat(20)}`;
const MIB = 1024 * 1024;

for (const home of [new DirectoryHome(), new BucketHome()])
  describe(`storage: segment store over ${home.name}`, () => {
    let directory: string;
    let store: Store;
    let segments: SegmentStore;

    const start = async (
      { maxFileBytes = 16 * 1024, onFlush, ...options }: Partial<SegmentStoreOptions & HomeOptions> = {},
      index = "index",
    ) => {
      store = openLmdbStore(join(directory, index));
      const under = store.under("storage/");
      segments = await SegmentStore.open({
        rows: await home.place(under, { maxFileBytes, ...(onFlush && { onFlush }) }),
        store: under,
        quotaBytes: 64 * MIB,
        creditOf: async () => 32 * MIB,
        ...options,
      });
    };
    const stop = async () => {
      await segments.close();
      await store.close();
    };

    before(function () {
      return home.start(this);
    });

    after(() => home.stop());

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "segment-store-"));
      await home.clear();
      await start();
    });

    afterEach(async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    });

    it("finds packed objects after the loss of its index, and counts a table with its segment", async () => {
      const builder = new PackBuilder();
      for (const length of [5, 600]) builder.add({ kind: "object", bytes: randomBytes(length) });
      const { bytes, entries } = builder.build();
      const commitment = randomBytes(32);
      await segments.putStrips(commitment, ALICE, randomUpload([3]));
      const before = await segments.index.unpublished(ALICE);
      await segments.putPack(commitment, bytes.subarray(0, packTableBytes(2)), entries);
      // A record's header, and two entries and their header in units of 64.
      const counted = before + 64 + 128;
      for (const index of ["index", "another-index"]) {
        await stop();
        await start({}, index);
        for (const { name, kind, offset, length } of entries) {
          const place = { kind, offset, length };
          expect(await segments.index.places(nameOf(name), "", 9)).to.deep.equal([
            { commitment: nameOf(commitment), place },
          ]);
        }
        expect(await segments.index.unpublished(ALICE)).to.equal(counted);
      }
      await segments.markPublished({
        ...{ kind: "published", batch: 0n },
        ...{ commitments: [nameOf(commitment)] },
      });
      expect(await segments.index.unpublished(ALICE)).to.equal(0);
    });

    it("gives back what it took, after a restart and after the loss of its index", async () => {
      const uploads = [randomUpload([1, 2, 200]), randomUpload([0, 255]), randomUpload([77])];
      const commitments = uploads.map(() => randomBytes(32));
      await Promise.all(uploads.map((upload, i) => segments.putStrips(commitments[i]!, ALICE, upload)));
      const unpublished = await segments.index.unpublished(ALICE);
      for (const index of ["index", "another-index"]) {
        await stop();
        await start({}, index);
        for (const [i, upload] of uploads.entries()) {
          const numbers = upload.strips.map(({ number }) => number);
          const strips = await segments.strips(commitments[i]!, [0, 1, 2, 77, 200, 255, 3]);
          expect(strips.map(({ number }) => number)).to.deep.equal(numbers);
          for (const [j, strip] of strips.entries()) {
            expect(Buffer.from(strip.rows).equals(upload.strips[j]!.rows)).to.equal(true);
            expect(Buffer.from(strip.path).equals(upload.strips[j]!.path)).to.equal(true);
          }
          expect(Buffer.from((await segments.head(commitments[i]!))!).equals(upload.headBytes)).to.equal(
            true,
          );
        }
        expect(await segments.index.unpublished(ALICE)).to.equal(unpublished);
      }
    });

    it("makes the index anew when files are gone that it speaks of", async () => {
      const kept = randomUpload([1]);
      const lost = randomUpload([2]);
      const [first, second] = [randomBytes(32), randomBytes(32)];
      await segments.putStrips(first, ALICE, kept);
      await segments.putStrips(
        second,
        ALICE,
        randomUpload(
          Array.from({ length: 40 }, (_, i) => i),
          256,
        ),
      );
      await segments.putStrips(randomBytes(32), ALICE, lost);
      await stop();
      const [, gone] = await home.files();
      await home.remove(gone!);
      await start();
      expect((await segments.strips(first, [1])).length).to.equal(1);
      expect(await segments.index.unpublished(ALICE)).to.be.greaterThan(0);
    });

    it("is idempotent: the same strips are neither stored nor charged twice, at once or later", async () => {
      const upload = randomUpload([5, 6]);
      const commitment = randomBytes(32);
      const results = await Promise.all([1, 2, 3].map(() => segments.putStrips(commitment, ALICE, upload)));
      expect(results.map(({ added }) => added).sort()).to.deep.equal([0, 0, 2]);
      const used = segments.quota.used;
      const credit = await segments.index.unpublished(ALICE);
      expect((await segments.putStrips(commitment, BOB, upload)).added).to.equal(0);
      expect(segments.quota.used).to.equal(used);
      expect(await segments.index.unpublished(ALICE)).to.equal(credit);
      expect(await segments.index.unpublished(BOB)).to.equal(0);
      const more = await segments.putStrips(commitment, BOB, {
        ...upload,
        strips: randomUpload([6, 9]).strips,
      });
      expect(more).to.deep.equal({ held: setOf([5, 6, 9]), added: 1 });
    });

    it("refuses what passes the quota, and is as it was before", async () => {
      await stop();
      await start({ quotaBytes: 12 * 1024 });
      const commitment = randomBytes(32);
      await segments.putStrips(commitment, ALICE, randomUpload([1]));
      const before = [segments.quota.used, await segments.index.unpublished(ALICE)];
      const size = await home.bytes();
      const big = segments.putStrips(randomBytes(32), ALICE, randomUpload([1, 2, 3, 4, 5, 6, 7, 8], 1024));
      expect(await codeOfRejection(big)).to.equal("storage/quota-exceeded");
      expect([segments.quota.used, await segments.index.unpublished(ALICE)]).to.deep.equal(before);
      expect(await home.bytes()).to.equal(size);
      expect((await segments.putStrips(randomBytes(32), ALICE, randomUpload([1]))).added).to.equal(1);
      expect(await segments.strips(commitment, [1])).to.have.length(1);
    });

    it("counts what is on its way against the quota too", async () => {
      await stop();
      await start({ quotaBytes: 16 * 1024 });
      const puts = Array.from({ length: 12 }, () =>
        segments.putStrips(randomBytes(32), ALICE, randomUpload([1])),
      );
      const codes = await Promise.all(puts.map(codeOfRejection));
      expect(codes.filter((code) => code === "storage/quota-exceeded").length).to.be.greaterThan(0);
      expect(codes.filter((code) => code === "").length).to.be.greaterThan(0);
      expect(segments.quota.used).to.be.at.most(16 * 1024);
    });

    it("lends a signer so much and no more, also at once, until a batch pays", async () => {
      await stop();
      await start({ creditOf: async () => 8 * 1024 });
      const commitments = Array.from({ length: 8 }, () => randomBytes(32));
      const puts = commitments.map((commitment) => segments.putStrips(commitment, ALICE, randomUpload([1])));
      const codes = await Promise.all(puts.map(codeOfRejection));
      const taken = commitments.filter((_, i) => codes[i] === "");
      expect(new Set(codes)).to.deep.equal(new Set(["", "storage/credit-exceeded"]));
      expect(await codeOfRejection(segments.putStrips(randomBytes(32), BOB, randomUpload([1])))).to.equal("");
      const publish = () =>
        segments.markPublished({
          kind: "published",
          batch: 3n,
          commitments: taken.map((commitment) => commitment.toString("hex")),
        });
      await publish();
      await publish();
      expect(await segments.index.unpublished(ALICE)).to.equal(0);
      expect(await codeOfRejection(segments.putStrips(randomBytes(32), ALICE, randomUpload([1])))).to.equal(
        "",
      );
    });

    it("says that a damaged strip is gone, and takes it again", async () => {
      const commitment = randomBytes(32);
      const upload = randomUpload([4, 9]);
      await segments.putStrips(commitment, ALICE, upload);
      const entry = await segments.index.segment(commitment.toString("hex"));
      const place = entry!.strips.find(([number]) => number === 4)![1];
      await home.overwrite(place.file, place.offset + 64 + 10, Buffer.of(0xee, 0xee));
      expect((await segments.strips(commitment, [4, 9])).map(({ number }) => number)).to.deep.equal([9]);
      expect(await segments.putStrips(commitment, ALICE, upload)).to.deep.equal({
        held: setOf([4, 9]),
        added: 1,
      });
      const strips = await segments.strips(commitment, [4, 9]);
      expect(Buffer.from(strips[0]!.rows).equals(upload.strips[0]!.rows)).to.equal(true);
    });

    it("forgets a segment whose head is damaged, so that it can be stored anew", async () => {
      const commitment = randomBytes(32);
      const upload = randomUpload([4]);
      await segments.putStrips(commitment, ALICE, upload);
      const { head } = (await segments.index.segment(commitment.toString("hex")))!;
      await home.overwrite(head.file, head.offset + 64 + 30, Buffer.of(0xee));
      expect(await segments.head(commitment)).to.equal(undefined);
      expect(await segments.index.unpublished(ALICE)).to.equal(0);
      expect((await segments.putStrips(commitment, ALICE, upload)).added).to.equal(1);
      expect(Buffer.from((await segments.head(commitment))!).equals(upload.headBytes)).to.equal(true);
    });

    it("shares flushes: many writers at once need few", async () => {
      await stop();
      let flushes = 0;
      await start({ maxFileBytes: 64 * MIB, onFlush: () => flushes++ });
      const writers = 60;
      await Promise.all(
        Array.from({ length: writers }, () =>
          segments.putStrips(randomBytes(32), ALICE, randomUpload([1, 2])),
        ),
      );
      expect(flushes).to.be.greaterThan(0);
      expect(flushes).to.be.lessThan(writers / 2);
    });

    it("knows nothing of what it was not given", async () => {
      expect(await segments.head(randomBytes(32))).to.equal(undefined);
      expect(await segments.strips(randomBytes(32), elementsOf((1n << 256n) - 1n))).to.deep.equal([]);
    });
  });
