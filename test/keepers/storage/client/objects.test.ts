import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { MAX_PACKED_OBJECT_BYTES } from "../../../../keepers/storage/format/pack.ts";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import { counting } from "../traffic.ts";

const MIB = 1024 * 1024;
const CLIENT = 30;
const STRANGER = 31;
const PATIENT = { hedgeMs: 30_000, graceMs: 30_000 };

describe("storage: objects", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let http: ReturnType<typeof counting>;
  let storage: StorageClient;

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(10);
    client = await network.openClient(CLIENT);
    await network.fund(CLIENT);
    http = counting(client.http);
    storage = createStorageClient({ ...client, http, codec: network.codec, limits: PATIENT });
  });

  after(() => network.stop());

  const read = async (parts: AsyncIterable<Uint8Array>) => {
    const all: Uint8Array[] = [];
    for await (const part of parts) all.push(part);
    return Buffer.concat(all);
  };

  it("packs small objects: each has its name by its bytes, and all share a segment", async () => {
    const objects = Array.from({ length: 500 }, (_, i) => randomBytes(1 + ((i * 37) % 5_000)));
    const put = await storage.putMany([...objects, objects[3]!]);
    expect(put.state).to.equal("full");
    expect(put.segments).to.have.length(1);
    expect(put.objectRoots.at(-1)).to.deep.equal(put.objectRoots[3]);
    const alone = await storage.put(objects[7]!);
    expect(alone.objectRoot).to.deep.equal(put.objectRoots[7]);
    for (const i of [0, 3, 7, 250, 499]) {
      const object = await storage.get(put.objectRoots[i]!);
      expect(Buffer.from(await object.bytes()).equals(objects[i]!)).to.equal(true);
    }
  });

  it("draws the line between small and large at 256 KiB", async () => {
    const limit = MAX_PACKED_OBJECT_BYTES;
    expect((await storage.put(randomBytes(limit))).kind).to.equal("object");
    expect((await storage.put(Readable.from([randomBytes(limit)]))).kind).to.equal("object");
    expect((await storage.put(randomBytes(limit + 1))).kind).to.equal("manifest");
  });

  it("reads any range, and fetches little more than the rows that hold it", async () => {
    const data = randomBytes(9 * MIB + 1234);
    const { objectRoot } = await storage.put(data);
    const object = await storage.get(objectRoot);
    const ranges = fc.tuple(fc.nat(data.length - 1), fc.integer({ min: 1, max: 3 * MIB }));
    await fc.assert(
      fc.asyncProperty(ranges, async ([offset, most]) => {
        const length = Math.min(most, data.length - offset);
        const got = await read(object.range(offset, length));
        expect(got.equals(data.subarray(offset, offset + length))).to.equal(true);
      }),
      { numRuns: 12 },
    );
    const fresh = await storage.get(objectRoot);
    const before = http.received;
    expect(
      (await read(fresh.range(5 * MIB, 1_000))).equals(data.subarray(5 * MIB, 5 * MIB + 1_000)),
    ).to.equal(true);
    // A head of 64 KiB and one or two strips of 32 KiB.
    expect(http.received - before).to.be.lessThan(160 * 1024);
    for (const [offset, length] of [
      [-1, 5],
      [0, 0],
      [data.length, 1],
      [0, data.length + 1],
      [0.5, 1],
    ] as const)
      expect(() => object.range(offset, length))
        .to.throw()
        .with.property("code", "storage/bad-range");
  });

  it("encrypts what leaves the client, and reads ranges of what is inside", async () => {
    const [key, other] = [randomBytes(32), randomBytes(32)];
    for (const size of [1, 1_000, 65_536, 5 * MIB + 7]) {
      const data = randomBytes(size);
      const put = await storage.put(data, { encryption: { key } });
      const object = await storage.get(put.objectRoot, { key });
      expect(object.size).to.equal(size);
      expect(Buffer.from(await object.bytes()).equals(data), String(size)).to.equal(true);
      const [offset, length] = [Math.floor(size / 3), Math.ceil(size / 2)];
      expect(
        (await read(object.range(offset, length))).equals(data.subarray(offset, offset + length)),
      ).to.equal(true);
      const sealed = Buffer.from(await (await storage.get(put.objectRoot)).bytes());
      expect(sealed.length).to.equal(put.size);
      if (size > 100) expect(sealed.includes(data.subarray(0, 64))).to.equal(false);
      expect(await codeOfRejection(storage.get(put.objectRoot, { key: other }))).to.equal(
        "storage/wrong-key",
      );
    }
    const plain = await storage.put(randomBytes(500));
    expect(await codeOfRejection(storage.get(plain.objectRoot, { key }))).to.equal("storage/not-authentic");
  });

  it("gives the same bytes under the same key and salt the same name, and a fresh one without", async () => {
    const [key, salt, data] = [randomBytes(32), randomBytes(32), randomBytes(3_000)];
    const named = async (encryption: { key: Uint8Array; salt?: Uint8Array }) =>
      Buffer.from((await storage.put(data, { encryption })).objectRoot).toString("hex");
    expect(await named({ key, salt })).to.equal(await named({ key, salt }));
    expect(await named({ key })).not.to.equal(await named({ key }));
  });

  it("keeps a directory as an object: its list, and each file", async () => {
    const key = randomBytes(32);
    const files = [
      { path: "weights/layer-1.bin", source: randomBytes(700_000) },
      { path: "config.json", source: Buffer.from("{}") },
      { path: "notes/sealed", source: randomBytes(20_000), encryption: { key } },
    ];
    const put = await storage.putDirectory(files);
    expect(put.state).to.equal("full");
    const entries = await storage.list(put.objectRoot);
    expect(entries.map(({ path }) => path)).to.deep.equal([
      "config.json",
      "notes/sealed",
      "weights/layer-1.bin",
    ]);
    for (const { path, objectRoot } of entries) {
      const file = files.find((one) => one.path === path)!;
      const object = await storage.get(objectRoot, path === "notes/sealed" ? { key } : {});
      expect(Buffer.from(await object.bytes()).equals(file.source), path).to.equal(true);
    }
    const twice = [files[1]!, files[1]!];
    expect(await codeOfRejection(storage.putDirectory(twice))).to.equal("storage/bad-directory");
    const before = http.sent;
    const escaping = [{ path: "../escaped", source: randomBytes(MIB) }];
    expect(await codeOfRejection(storage.putDirectory(escaping))).to.equal("storage/bad-directory");
    expect(http.sent).to.equal(before);
    const plain = await storage.put(Buffer.from("no directory"));
    expect(await codeOfRejection(storage.list(plain.objectRoot))).to.equal("storage/bad-directory");
  });

  it("sends nothing again that members have signed for", async () => {
    const data = randomBytes(6 * MIB);
    const first = await storage.put(data);
    const before = http.sent;
    const again = await storage.put(data);
    expect(again.objectRoot).to.deep.equal(first.objectRoot);
    expect(again.bytesSent).to.equal(0);
    expect(http.sent).to.equal(before);
    const longer = await storage.put(Buffer.concat([data.subarray(0, 4 * MIB), randomBytes(100)]));
    expect(longer.bytesSent).to.be.lessThan(MIB);
  });

  it("sends little of what members hold already, whoever has stored it, and what they lack in full", async () => {
    const [large, small] = [randomBytes(6 * MIB), randomBytes(9_000)];
    const first = await storage.putMany([large, small]);
    const stranger = await network.openClient(STRANGER);
    const { store: _, ...forgetful } = stranger;
    const other = createStorageClient({ ...forgetful, codec: network.codec, limits: PATIENT });
    const again = await other.putMany([large, small]);
    expect([...again.segments]).to.deep.equal([...first.segments]);
    expect(again.state).to.equal("full");
    // A head and one strip of each segment to each of ten members, and the table of the pack.
    expect(again.bytesSent).to.be.lessThan(first.bytesSent / 5);
    expect(again.bytesSent).to.be.greaterThan(0);
    const mixed = await other.putMany([large, randomBytes(9_000)]);
    expect(mixed.state).to.equal("full");
    for (const objectRoot of mixed.objectRoots) await (await other.get(objectRoot)).bytes();
  });
});
