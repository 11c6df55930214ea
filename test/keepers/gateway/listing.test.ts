import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { type Listing, list } from "../../../keepers/gateway/listing.ts";
import type { ObjectRecord } from "../../../keepers/gateway/names/names.ts";
import { StoreNames } from "../../../keepers/gateway/names/storeNames.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { temporaryDirectory } from "../runtime/temporary.ts";
import { codeOf } from "./codes.ts";

const RECORD: ObjectRecord = {
  ...{ objectRoot: "00".repeat(32), size: 1, modified: 1 },
  ...{ headers: {}, metadata: {} },
};

describe("gateway: names", () => {
  let store: Store;
  let buckets = 0;

  before(() => {
    store = openLmdbStore(join(temporaryDirectory(), "store"));
  });

  after(() => store.close());

  const bucketWith = async (keys: Iterable<string>) => {
    const names = new StoreNames(store);
    const bucket = `bucket-${buckets++}`;
    await names.createBucket({ name: bucket, created: 1 });
    for (const key of keys) await names.put(bucket, key, RECORD);
    return { names, bucket };
  };

  const character = fc.constantFrom(
    "a",
    "b",
    "/",
    "é",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\u{10000}",
    "\u{10ffff}",
  );
  const key = fc.string({ unit: character, minLength: 1, maxLength: 5 });

  it("are listed as a plain sorted set says, page by page, whatever prefix, delimiter and page", async () => {
    const order = fc.record({
      prefix: fc.string({ unit: character, maxLength: 2 }),
      delimiter: fc.option(fc.constantFrom("/", "a", "\u{10ffff}", "/a"), { nil: undefined }),
      limit: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 25 }), order, async (keys, asked) => {
        const { names, bucket } = await bucketWith(keys);
        const told: string[] = [];
        let after: string | undefined;
        do {
          const page: Listing = await list(names, bucket, { ...asked, after });
          const here = [...page.objects.map(([name]) => name), ...page.commonPrefixes];
          expect(here.length).to.be.at.most(asked.limit);
          if (page.next !== undefined) expect(here).to.have.length(asked.limit);
          told.push(...here.sort(byBytes));
          after = page.next;
        } while (after !== undefined);
        expect(told).to.deep.equal(expected(keys, asked));
      }),
      { numRuns: 150 },
    );
  });

  it("do not run into those of another bucket", async () => {
    const { names, bucket } = await bucketWith(["a"]);
    await names.createBucket({ name: `${bucket}-x`, created: 1 });
    await names.put(`${bucket}-x`, "b", RECORD);
    const { objects } = await list(names, bucket, {
      prefix: "",
      delimiter: undefined,
      after: undefined,
      limit: 9,
    });
    expect(objects.map(([name]) => name)).to.deep.equal(["a"]);
  });

  it("are given by one of two at once that both find the key free", async () => {
    const { names, bucket } = await bucketWith([]);
    const condition = (current: ObjectRecord | undefined) => {
      if (current !== undefined) throw new Error("taken");
    };
    const puts = Array.from({ length: 8 }, () => names.put(bucket, "key", RECORD, { condition }));
    const outcomes = await Promise.allSettled(puts);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
  });

  it("never stand in a bucket that is gone", async () => {
    for (let round = 0; round < 20; round++) {
      const { names, bucket } = await bucketWith([]);
      const [put, removed] = await Promise.all([
        codeOf(names.put(bucket, "key", RECORD)),
        codeOf(names.deleteBucket(bucket)),
      ]);
      expect([put, removed]).to.be.deep.oneOf([
        ["none", "BucketNotEmpty"],
        ["NoSuchBucket", "none"],
      ]);
      expect((await names.get(bucket, "key")) !== undefined).to.equal(put === "none");
    }
  });
});

function expected(
  keys: readonly string[],
  { prefix, delimiter }: { prefix: string; delimiter: string | undefined },
): string[] {
  const told = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 ? key : key.slice(0, at + delimiter!.length);
    });
  return [...new Set(told)].sort(byBytes);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
