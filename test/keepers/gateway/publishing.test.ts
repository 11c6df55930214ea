import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { CopyObjectCommand, CreateBucketCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { Backlog } from "../../../keepers/gateway/publishing/backlog.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import type { PublishedBatch } from "../../../keepers/storage/client.ts";
import type { BatchSegment } from "../../../keepers/storage/format/batch.ts";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { eventually, temporaryDirectory } from "../runtime/temporary.ts";
import { kill } from "../storage/network.ts";
import { GATEWAY_ACCOUNT, GatewayNetwork } from "./gatewayNetwork.ts";

const Bucket = "bucket";
const SHAPE = { k: 128, n: 128, rowSize: 64 };

describe("gateway: paying for what was put", () => {
  let network: GatewayNetwork;
  let gateway: ChildProcess;
  let s3: S3Client;

  before(async () => {
    network = await GatewayNetwork.start("by itself");
    gateway = await network.spawnGateway();
    s3 = network.client();
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  after(() => network.stop());

  const put = (Key: string, Body: Uint8Array) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const log = () =>
    IStorageLog__factory.connect(network.network.address("StorageLog"), network.network.chain.provider);
  /** Units of 64 bytes a slot that the gateway has paid for. */
  const paidUnits = async (): Promise<bigint> => {
    const owner = network.network.wallet(GATEWAY_ACCOUNT).address;
    let units = 0n;
    for (let id = 0n; id < (await log().batchCount()); id++) {
      const batch = await log().batchAt(id);
      if (batch.owner === owner) units += BigInt(batch.units);
    }
    return units;
  };
  const waiting = async (): Promise<number> => {
    const status = (await (await fetch(`${network.url}/status`)).json()) as {
      publication: { waitingObjects: number };
    };
    return status.publication.waitingObjects;
  };
  const allPaid = () => eventually("everything is paid for", async () => (await waiting()) === 0, 60_000);

  it("pays soon, once for the same bytes, and shows what waits", async () => {
    await put("one", randomBytes(300_000));
    await allPaid();
    const once = await paidUnits();
    expect(once > 0n).to.equal(true);
    const same = randomBytes(100_000);
    await put("two", same);
    await allPaid();
    const twice = await paidUnits();
    expect(twice > once).to.equal(true);
    await put("again", same);
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/two` }));
    await allPaid();
    expect(await paidUnits()).to.equal(twice);
  });

  it("pays all and nothing twice, wherever it is killed", async () => {
    const before = await paidUnits();
    const bodies = Array.from({ length: 6 }, () => randomBytes(200_000));
    for (const [index, body] of bodies.entries()) {
      await put(`killed-${index}`, body);
      // The moment is another each time: before the draft, during the append, after it.
      await new Promise((resolve) => setTimeout(resolve, 100 * index));
      await kill(gateway);
      gateway = await network.spawnGateway();
    }
    await allPaid();
    const unitsOfAll = (await paidUnits()) - before;
    await put("alone", randomBytes(200_000));
    await allPaid();
    const unitsOfOne = (await paidUnits()) - before - unitsOfAll;
    expect(unitsOfAll).to.equal(6n * unitsOfOne);
  });
});

describe("gateway: the backlog", () => {
  let store: Store;

  before(() => {
    store = openLmdbStore(join(temporaryDirectory(), "store"));
  });

  after(() => store.close());

  const segment = (mark: number): BatchSegment => ({
    commitment: new Uint8Array(32).fill(mark),
    shape: SHAPE,
  });
  const marks = (segments: readonly BatchSegment[] = []) => segments.map(({ commitment }) => commitment[0]);
  const batchOf = (segments: readonly BatchSegment[], expiry: bigint) =>
    [{ contents: segments, expiry }] as unknown as PublishedBatch[];

  it("drafts the same again until it is settled, whatever came since", async () => {
    const backlog = await Backlog.open(store.under("a/"));
    expect(await backlog.draft(0)).to.equal(undefined);
    await backlog.add([segment(1), segment(2)]);
    const draft = await backlog.draft(0);
    await backlog.add([segment(3)]);
    const reopened = await Backlog.open(store.under("a/"));
    expect(marks((await reopened.draft(0))?.segments)).to.deep.equal([1, 2]);
    expect(reopened.size).to.deep.equal({ entries: 2, segments: 3 });
    await reopened.settle(draft!, batchOf(draft!.segments, 1_000n));
    expect(reopened.size).to.deep.equal({ entries: 1, segments: 1 });
    expect(marks((await reopened.draft(0))?.segments)).to.deep.equal([3]);
  });

  it("pays again for what was paid for too short a time, and not for what was for ever", async () => {
    const backlog = await Backlog.open(store.under("b/"));
    const round = async (paidUntil: number, expiry: bigint) => {
      await backlog.add([segment(1), segment(1)]);
      const draft = (await backlog.draft(paidUntil))!;
      await backlog.settle(draft, batchOf(draft.segments, expiry));
      return marks(draft.segments);
    };
    expect(await round(500, 1_000n)).to.deep.equal([1]);
    expect(await round(1_000, 1_000n)).to.deep.equal([]);
    expect(await round(1_001, 2_000n)).to.deep.equal([1]);
    expect(await round(Number.POSITIVE_INFINITY, 0n)).to.deep.equal([1]);
    expect(await round(Number.POSITIVE_INFINITY, 0n)).to.deep.equal([]);
    expect(backlog.size).to.deep.equal({ entries: 0, segments: 0 });
  });

  it("keeps every segment of an object that has many", async () => {
    const backlog = await Backlog.open(store.under("c/"));
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      commitment: new Uint8Array(Uint32Array.of(...Array<number>(8).fill(index)).buffer),
      shape: SHAPE,
    }));
    await backlog.add(many);
    const found = new Set<string>();
    for (let draft = await backlog.draft(0); draft !== undefined; draft = await backlog.draft(0)) {
      for (const { commitment } of draft.segments) found.add(Buffer.from(commitment).toString("hex"));
      await backlog.settle(draft, batchOf(draft.segments, 0n));
    }
    expect(found.size).to.equal(10_000);
    expect(backlog.size).to.deep.equal({ entries: 0, segments: 0 });
  });
});
