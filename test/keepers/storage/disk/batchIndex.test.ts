import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import { BatchIndex } from "../../../../keepers/storage/disk/batchIndex.ts";
import { encodeBatch, layOut } from "../../../../keepers/storage/format/batch.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";

const SHAPE = { k: 128, n: 128, rowSize: 64 };

describe("storage: the lists of batches that a node keeps", () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "batch-index-"));
  });

  after(() => rm(directory, { recursive: true, force: true }));

  it("keeps lists by their roots over a restart, and forgets one without the others", async () => {
    const shared = { commitment: randomBytes(32), shape: SHAPE };
    const lists = [0, 1].map(() => [shared, { commitment: randomBytes(32), shape: SHAPE }]);
    const first = openLmdbStore(directory);
    const roots: string[] = [];
    for (const list of lists) roots.push(nameOf(await new BatchIndex(first).put(list)));
    await first.close();
    const store = openLmdbStore(directory);
    const index = new BatchIndex(store);
    for (const [i, root] of roots.entries()) {
      expect(await index.has(root)).to.equal(true);
      expect(Buffer.from((await index.list(root))!).equals(encodeBatch(lists[i]!))).to.equal(true);
      expect(nameOf((await index.layout(root))!.root)).to.equal(root);
      expect(root).to.equal(nameOf(layOut(lists[i]!).root));
    }
    expect((await index.batchesOf(nameOf(shared.commitment))).sort()).to.deep.equal([...roots].sort());
    await index.forget(roots[0]!);
    expect(await index.has(roots[0]!)).to.equal(false);
    expect(await index.layout(roots[0]!)).to.equal(undefined);
    expect(await index.batchesOf(nameOf(shared.commitment))).to.deep.equal([roots[1]]);
    await index.forget(roots[0]!);
    await store.close();
  });

  it("lays out any of many lists, however few it keeps laid out", async () => {
    const store = openLmdbStore(directory);
    const index = new BatchIndex(store);
    const roots: string[] = [];
    for (let i = 0; i < 20; i++)
      roots.push(nameOf(await index.put([{ commitment: randomBytes(32), shape: SHAPE }])));
    for (const root of roots) expect((await index.layout(root))?.units).to.equal(1n);
    await store.close();
  });
});
