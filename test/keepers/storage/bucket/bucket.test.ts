import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../../keepers/runtime/store/store.ts";
import type { BucketPlaceOptions } from "../../../../keepers/storage/bucket/bucketPlace.ts";
import { objectName } from "../../../../keepers/storage/bucket/objectNames.ts";
import type { BucketSettings } from "../../../../keepers/storage/bucket/settings.ts";
import { SegmentStore } from "../../../../keepers/storage/disk/segmentStore.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { codeOfRejection } from "../codes.ts";
import { BucketHome } from "../disk/rowHomes.ts";
import { randomUpload } from "../uploads.ts";
import { FaultProxy, SLOW_DOWN } from "./faultProxy.ts";

const ALICE = `0x${"a1".repeat(20)}`;
const MIB = 1024 * 1024;
const NUMBERS = [1, 2, 3];
const COMPACTION = { deadShare: 0.5, throttle: async () => undefined };
const { signal } = new AbortController();

type Upload = ReturnType<typeof randomUpload>;

interface OpenStore {
  readonly segments: SegmentStore;
  readonly index: Store;
}

interface Opening {
  readonly settings?: Partial<BucketSettings>;
  readonly options?: Partial<BucketPlaceOptions>;
  /** Directory of the index. */
  readonly index?: string;
  readonly quotaBytes?: number;
}

describe("storage: rows in a bucket", () => {
  const home = new BucketHome();
  let proxy: FaultProxy;
  let directory: string;
  let open: OpenStore[];

  before(async function () {
    await home.start(this);
    proxy = await FaultProxy.start(home.server.url);
  });

  after(async () => {
    await proxy?.stop();
    await home.stop();
  });

  beforeEach(async () => {
    proxy.heal();
    directory = await mkdtemp(join(tmpdir(), "bucket-rows-"));
    open = [];
    await home.clear();
  });

  afterEach(async () => {
    proxy.heal();
    for (const each of open) await close(each);
    await rm(directory, { recursive: true, force: true });
  });

  const start = async ({ settings, options, index = "index", quotaBytes = 64 * MIB }: Opening = {}) => {
    const store = openLmdbStore(join(directory, index));
    try {
      const under = store.under("storage/");
      const fast = { endpoint: proxy.url, timeoutMs: 1_000, ...settings };
      const segments = await SegmentStore.open({
        rows: await home.place(under, { maxFileBytes: MIB }, fast, options),
        ...{ store: under, quotaBytes, creditOf: async () => 64 * MIB },
      });
      const opened = { segments, index: store };
      open.push(opened);
      return opened;
    } catch (error) {
      await store.close();
      throw error;
    }
  };
  const close = async (each: OpenStore) => {
    if (!open.includes(each)) return;
    open.splice(open.indexOf(each), 1);
    await each.segments.close();
    await each.index.close();
  };
  const put = async ({ segments }: OpenStore): Promise<readonly [Uint8Array, Upload]> => {
    const [commitment, upload] = [randomBytes(32), randomUpload(NUMBERS)];
    await segments.putStrips(commitment, ALICE, upload);
    return [commitment, upload];
  };
  const heldOf = async ({ segments }: OpenStore, commitment: Uint8Array) =>
    (await segments.strips(commitment, NUMBERS)).map(({ number }) => number);
  const expectHeld = async ({ segments }: OpenStore, [commitment, upload]: readonly [Uint8Array, Upload]) => {
    const strips = await segments.strips(commitment, NUMBERS);
    expect(strips.map(({ number }) => number)).to.deep.equal(NUMBERS);
    for (const [i, { rows }] of strips.entries())
      expect(Buffer.compare(rows, upload.strips[i]!.rows)).to.equal(0);
  };
  /** Waits until uploads are tried again. */
  const putOnceTaken = async (node: OpenStore) => {
    for (let tries = 0; ; tries++) {
      try {
        return await put(node);
      } catch (error) {
        if (tries === 40) throw error;
        await setTimeout(250);
      }
    }
  };

  it("takes rows whose answer was lost, and stores them once", async () => {
    const node = await start();
    proxy.plan("PUT", { kind: "lose-answer" }, 1);
    const first = await put(node);
    expect(proxy.hits).to.be.greaterThan(0);
    await expectHeld(node, first);
    expect(await home.bytes()).to.equal(node.segments.quota.used);
  });

  it("refuses rows that don't get through, for whatever reason, and goes on once they do", async () => {
    const node = await start();
    const before = await put(node);
    for (const fault of [{ kind: "cut", afterBytes: 1_500 }, SLOW_DOWN, { kind: "stall" }] as const) {
      proxy.plan("PUT", fault);
      expect(await codeOfRejection(put(node))).to.equal("storage/write-failed");
      // Others are refused at once, and not kept waiting.
      const started = performance.now();
      expect(await codeOfRejection(put(node))).to.equal("storage/write-failed");
      expect(performance.now() - started).to.be.lessThan(400);
      await expectHeld(node, before);
      proxy.heal();
      await expectHeld(node, await putOnceTaken(node));
    }
    await close(node);
    const again = await start();
    await expectHeld(again, before);
  });

  it("stands an endpoint that is away for a while: reads fail cleanly, and nothing is taken for lost", async () => {
    const node = await start();
    const lost: string[] = [];
    node.segments.onLoss((name) => lost.push(name));
    const known = await put(node);
    await proxy.down();
    expect(await codeOfRejection(node.segments.strips(known[0], NUMBERS))).to.equal(
      "storage/bucket-unavailable",
    );
    expect(await codeOfRejection(node.segments.head(known[0]))).to.equal("storage/bucket-unavailable");
    expect(await codeOfRejection(put(node))).to.equal("storage/write-failed");
    await proxy.up();
    await expectHeld(node, known);
    await expectHeld(node, await putOnceTaken(node));
    expect(lost).to.deep.equal([]);
  });

  it("never uses a number again whose write may have come to something, and gives its space back", async () => {
    const node = await start();
    const known = await put(node);
    proxy.plan("PUT", { kind: "lose-answer" });
    expect(await codeOfRejection(put(node))).to.equal("storage/write-failed");
    proxy.heal();
    const after = await putOnceTaken(node);
    expect(new Set(await home.files()).size).to.be.greaterThan(2);
    while (await node.segments.compact(COMPACTION, signal));
    expect(await home.bytes()).to.equal(node.segments.quota.used);
    expect(await home.files()).to.have.length(2);
    for (const each of [known, after]) await expectHeld(node, each);
  });

  it("finds rows of which nobody was told at the next start, and what was acknowledged with them", async () => {
    const node = await start();
    const known = await put(node);
    proxy.plan("PUT", { kind: "lose-answer" });
    const [commitment, upload] = [randomBytes(32), randomUpload(NUMBERS)];
    expect(await codeOfRejection(node.segments.putStrips(commitment, ALICE, upload))).to.equal(
      "storage/write-failed",
    );
    proxy.heal();
    await close(node);
    const again = await start();
    await expectHeld(again, known);
    await expectHeld(again, [commitment, upload]);
    expect(await home.bytes()).to.equal(again.segments.quota.used);
  });

  it("gives up what was damaged or deleted behind its back, takes it again, and reads the rest", async () => {
    const node = await start();
    const [gone, damaged, sound] = [await put(node), await put(node), await put(node)];
    const placeOf = async ([commitment]: readonly [Uint8Array, Upload]) =>
      (await node.segments.index.segment(nameOf(commitment)))!;
    await home.remove((await placeOf(gone)).head.file);
    const [, [, { file, offset }]] = (await placeOf(damaged)).strips as [
      unknown,
      [number, { file: number; offset: number }],
    ];
    await home.overwrite(file, offset + 70, Buffer.alloc(8, 0xee));
    const lost: string[] = [];
    node.segments.onLoss((name) => lost.push(name));
    expect(await heldOf(node, gone[0])).to.deep.equal([]);
    expect(await heldOf(node, damaged[0])).to.deep.equal([1, 3]);
    await expectHeld(node, sound);
    expect(new Set(lost)).to.deep.equal(new Set([gone, damaged].map(([commitment]) => nameOf(commitment))));
    expect(await node.segments.head(gone[0])).to.equal(undefined);
    for (const [commitment, upload] of [gone, damaged])
      await node.segments.putStrips(commitment, ALICE, upload);
    for (const each of [gone, damaged, sound]) await expectHeld(node, each);
  });

  it("gives up what was deleted while it did not run, by compaction", async () => {
    const node = await start();
    const [gone, kept] = [await put(node), await put(node)];
    const { file } = (await node.segments.index.segment(nameOf(gone[0])))!.head;
    await close(node);
    await home.remove(file);
    const again = await start();
    const lost: string[] = [];
    again.segments.onLoss((name) => lost.push(name));
    while (await again.segments.compact(COMPACTION, signal));
    expect(new Set(lost)).to.deep.equal(new Set([nameOf(gone[0])]));
    expect(await again.segments.index.segment(nameOf(gone[0]))).to.equal(undefined);
    await expectHeld(again, kept);
    expect(await home.bytes()).to.equal(again.segments.quota.used);
  });

  it("makes few objects of many small ones", async () => {
    const node = await start();
    const all: (readonly [Uint8Array, Upload])[] = [];
    for (let i = 0; i < 20; i++) all.push(await put(node));
    expect(await home.files()).to.have.length(20);
    while (await node.segments.compact(COMPACTION, signal));
    expect((await home.files()).length).to.be.lessThan(8);
    for (const each of all) await expectHeld(node, each);
    await close(node);
    // Heads lie behind strips by now; a lost index is made anew all the same.
    const again = await start({ index: "another" });
    for (const each of all) await expectHeld(again, each);
  });

  it("lets one node write under a prefix, and no other", async () => {
    const node = await start({ settings: { beatMs: 100 } });
    const known = await put(node);
    const other = { deployment: "1/0x00", operator: `0x${"0b".repeat(20)}` };
    expect(await codeOfRejection(start({ index: "b", options: { owner: other } }))).to.equal(
      "storage/rows-of-another",
    );
    expect(await codeOfRejection(start({ index: "c", settings: { beatMs: 300 } }))).to.equal(
      "storage/rows-in-use",
    );
    await expectHeld(node, await put(node));
    await close(node);
    // It has gone and said so: whoever has its key may go on, without its index.
    const again = await start({ index: "d" });
    await expectHeld(again, known);
  });

  it("hands over an instance's rows once it is silent, and that one then writes nothing any more", async () => {
    const taken: string[] = [];
    const beatMs = 500;
    const node = await start({ settings: { beatMs }, options: { onTaken: ({ code }) => taken.push(code) } });
    const known = await put(node);
    await proxy.down();
    const waits: number[] = [];
    const heir = await start({
      index: "heir",
      settings: { beatMs, endpoint: home.server.url },
      options: { onWait: (milliseconds) => waits.push(milliseconds) },
    });
    expect(waits).to.deep.equal([4 * beatMs]);
    await proxy.up();
    expect(await codeOfRejection(put(node))).to.equal("storage/write-failed");
    expect(taken).to.deep.equal(["storage/rows-taken"]);
    expect(await codeOfRejection(put(node))).to.equal("storage/write-failed");
    for (const each of [known, await put(heir)]) await expectHeld(heir, each);
  });

  it("says in plain words at the start what is wrong with the settings", async () => {
    const file = join(directory, "wrong.json");
    await writeFile(file, JSON.stringify({ accessKeyId: "rows:node", secretAccessKey: "not the secret" }), {
      mode: 0o600,
    });
    const codeWith = (settings: Partial<BucketSettings>) => codeOfRejection(start({ settings }));
    expect(await codeWith({ credentialsFile: file })).to.equal("storage/bucket-refused");
    expect(await codeWith({ bucket: "no-such-bucket" })).to.equal("storage/no-bucket");
    expect(await codeWith({ endpoint: "http://192.0.2.1" })).to.equal("storage/insecure-endpoint");
    expect(await codeWith({ endpoint: "ftp://127.0.0.1" })).to.equal("storage/bad-endpoint");
    expect(await codeWith({ endpoint: "https://key:secret@127.0.0.1" })).to.equal("storage/bad-endpoint");
    expect(await codeWith({ credentialsFile: join(directory, "none") })).to.equal(
      "storage/no-credentials-file",
    );
    await writeFile(file, "{");
    expect(await codeWith({ credentialsFile: file })).to.equal("storage/bad-credentials-file");
    await chmod(file, 0o644);
    expect(await codeWith({ credentialsFile: file })).to.equal("keys/open-permissions");
    proxy.plan("GET", { kind: "answer", text: MOVED });
    expect(await codeWith({})).to.equal("storage/bucket-elsewhere");
    proxy.heal();
    await home.put("owner.json", Buffer.from("somebody else's"));
    expect(await codeWith({})).to.equal("storage/not-rows");
  });

  it("keeps to its quota", async () => {
    const node = await start({ quotaBytes: 12 * 1024 });
    const known = await put(node);
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOfRejection(put(node))));
    expect(codes).to.include("storage/quota-exceeded");
    expect(await home.bytes()).to.be.at.most(12 * 1024);
    await expectHeld(node, known);
  });

  it("ignores what isn't its own, and an object of its name that holds garbage", async () => {
    const node = await start();
    const known = await put(node);
    await close(node);
    await home.put("notes.txt", Buffer.from("hello"));
    await home.put(objectName(2 ** 32 * 7), randomBytes(5_000));
    const again = await start();
    expect(again.segments.recovery.damagedBytes).to.equal(5_000);
    await expectHeld(again, known);
    await expectHeld(again, await put(again));
  });
});

const MOVED =
  "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
