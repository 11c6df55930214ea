import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import { BucketPlace } from "../../../../keepers/storage/bucket/bucketPlace.ts";
import { numberOf, objectName } from "../../../../keepers/storage/bucket/objectNames.ts";
import { SegmentStore } from "../../../../keepers/storage/disk/segmentStore.ts";
import { GatewayNetwork, OWNER } from "../../gateway/gatewayNetwork.ts";
import { randomUpload } from "../uploads.ts";
import { FaultProxy } from "./faultProxy.ts";

const ALICE = `0x${"a1".repeat(20)}`;
const NUMBERS = [1, 2, 3];
const COMPACTION = { deadShare: 0.5, throttle: async () => undefined };
const { signal } = new AbortController();

describe("storage: rows in a bucket of Mycelia's own gateway, which knows conditions", () => {
  let network: GatewayNetwork;
  let proxy: FaultProxy;
  let directory: string;
  let credentialsFile: string;

  before(async () => {
    network = await GatewayNetwork.start();
    proxy = await FaultProxy.start(network.endpoint);
    await network.client().send(new CreateBucketCommand({ Bucket: "rows" }));
    directory = await mkdtemp(join(tmpdir(), "gateway-rows-"));
    credentialsFile = join(directory, "key.json");
    const { accessKeyId, secretAccessKey } = OWNER;
    await writeFile(credentialsFile, JSON.stringify({ accessKeyId, secretAccessKey }), { mode: 0o600 });
    await chmod(credentialsFile, 0o600);
  });

  after(async () => {
    await proxy?.stop();
    await network?.stop();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  const start = async (index: string) => {
    const store = openLmdbStore(join(directory, index));
    const rows = await BucketPlace.open({
      settings: { endpoint: proxy.url, bucket: "rows", prefix: "node/", credentialsFile },
      owner: { deployment: "1/0x00", operator: `0x${"0a".repeat(20)}` },
      store: store.under("bucket/"),
      onTaken: () => undefined,
      onWait: () => undefined,
    });
    const space = 1024 ** 3;
    const segments = await SegmentStore.open({ rows, store, quotaBytes: space, creditOf: async () => space });
    const stop = async () => {
      await segments.close();
      await store.close();
    };
    return { segments, stop };
  };
  const objects = async () => {
    const list = new ListObjectsV2Command({ Bucket: "rows", Prefix: "node/rows-" });
    return ((await network.client().send(list)).Contents ?? []).map(({ Key }) => Key!.slice("node/".length));
  };

  it("writes each object once, passes by what others have put in the way, and brings back a lost index", async () => {
    const all: (readonly [Uint8Array, ReturnType<typeof randomUpload>])[] = [];
    const node = await start("index");
    const put = async () => {
      const [commitment, upload] = [randomBytes(32), randomUpload(NUMBERS)];
      await node.segments.putStrips(commitment, ALICE, upload);
      all.push([commitment, upload]);
    };
    await put();
    // It is there when it is sent again: a condition fails, and it is known to be this one.
    proxy.plan("PUT", { kind: "lose-answer" }, 1);
    await put();
    expect(proxy.hits).to.equal(1);
    expect(await objects()).to.deep.equal([objectName(numberOf(1, 0)), objectName(numberOf(1, 1))]);
    const foreign = { Bucket: "rows", Key: `node/${objectName(numberOf(1, 2))}`, Body: "another hand's" };
    await network.client().send(new PutObjectCommand(foreign));
    await put();
    expect(await objects()).to.include(objectName(numberOf(1, 3)));
    for (let i = 0; i < 7; i++) await put();
    while (await node.segments.compact(COMPACTION, signal));
    expect(await objects()).to.have.length(2);
    await node.stop();
    const again = await start("another-index");
    for (const [commitment, upload] of all) {
      const strips = await again.segments.strips(commitment, NUMBERS);
      expect(strips.map(({ number }) => number)).to.deep.equal(NUMBERS);
      for (const [i, { rows }] of strips.entries())
        expect(Buffer.compare(rows, upload.strips[i]!.rows)).to.equal(0);
    }
    await again.stop();
  });
});
