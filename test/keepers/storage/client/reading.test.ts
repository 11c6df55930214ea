import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { encodeNode } from "../../../../keepers/storage/format/manifestNode.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { nameOfItem, PackBuilder } from "../../../../keepers/storage/format/pack.ts";
import { rowsPerStrip, slotOfStrip } from "../../../../keepers/storage/format/placement.ts";
import { Adversary } from "../adversary.ts";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import { storePack, storePacked } from "../packed.ts";
import { memberOf, pointAt } from "../segments.ts";
import { counting } from "../traffic.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CLIENT = 30;
const STRANGER = 31;
/** On a busy machine an honest member may be slow; what is tested here is who is down or lies. */
const PATIENT = { hedgeMs: 30_000, graceMs: 30_000 };

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

describe("storage: reading parts and many", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let client: KeeperContext;
  let http: ReturnType<typeof counting>;
  let storage: StorageClient;

  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(10);
    client = await network.openClient(CLIENT);
    http = counting(client.http);
    storage = newClient();
  });

  after(() => network.stop());

  /** A client that has met nobody and kept nothing. */
  const newClient = () => createStorageClient({ ...client, http, codec: network.codec, limits: PATIENT });

  const forget = () => {
    http.paths.length = 0;
    http.received = 0;
  };

  it("reads many objects of a pack for the price of one segment", async () => {
    const objects = Array.from({ length: 200 }, () => randomBytes(4 * KIB));
    const { objectRoots, segments } = await storage.putMany(objects);
    expect(segments).to.have.length(1);
    const reader = newClient();
    forget();
    for (const [index, objectRoot] of objectRoots.entries())
      expect(Buffer.from(await (await reader.get(objectRoot)).bytes()).equals(objects[index]!)).to.equal(
        true,
      );
    const { k, rowSize } = [...segments][0]!.shape;
    expect(http.received).to.be.lessThan(1.3 * k * rowSize);
    expect(http.paths.filter((path) => path.startsWith("/objects/")).length).to.be.at.most(2);
    expect(http.paths.length).to.be.at.most(20);
  });

  it("hands out copies: what a caller does to them changes nothing that is read later", async () => {
    const objects = [randomBytes(KIB), randomBytes(KIB), randomBytes(KIB)];
    const { objectRoots } = await storage.putMany(objects);
    const reader = newClient();
    for (let round = 0; round < 2; round++) {
      for (const [index, objectRoot] of objectRoots.entries()) {
        const bytes = await (await reader.get(objectRoot)).bytes();
        expect(Buffer.from(bytes).equals(objects[index]!)).to.equal(true);
        bytes.fill(0);
      }
    }
  });

  it("fetches for a range the strips that hold it, and nothing for the next one in them", async () => {
    const data = randomBytes(9 * MIB);
    const { objectRoot, segments } = await storage.put(data);
    const { shape } = [...segments][1]!;
    const stripBytes = rowsPerStrip(shape) * shape.rowSize;
    const object = await newClient().get(objectRoot);
    forget();
    const at = 4 * MIB + 10 * stripBytes + 17;
    expect((await collect(object.range(at, 5_000))).equals(data.subarray(at, at + 5_000))).to.equal(true);
    // The head, and one strip with its path.
    expect(http.received).to.be.lessThan(16 * shape.k + stripBytes + KIB);
    expect(http.paths).to.have.length(2);
    forget();
    const next = await collect(object.range(at + 5_000, 100));
    expect(next.equals(data.subarray(at + 5_000, at + 5_100))).to.equal(true);
    expect(http.paths).to.deep.equal([]);
  });

  it("says that a name is unknown only when every member has said so", async () => {
    forget();
    expect(await codeOfRejection(newClient().get(randomBytes(32)))).to.equal("storage/not-found");
    expect(http.paths).to.have.length(10);
  });

  it("rebuilds the segment of a range when a strip's owner is gone or lies, and keeps it", async () => {
    const data = randomBytes(5 * MIB);
    const put = await storage.put(data);
    const { commitment, shape } = [...put.segments][0]!;
    const stripBytes = rowsPerStrip(shape) * shape.rowSize;
    const members = await Promise.all(nodes.map(memberOf));
    const strip = 20;
    const slot = BigInt(slotOfStrip(strip, commitment));
    const index = members.findIndex(({ slots }) => ((slots >> slot) & 1n) === 1n);
    const owner = nodes[index]!;
    const adversary = await Adversary.infrontOf(owner.publicUrl);
    await pointAt(owner, adversary.url);
    const isStrips = (path: string) => path.includes(nameOf(commitment)) && path.includes("/strips");
    const flipped = (body: Buffer) => {
      const changed = Buffer.from(body);
      changed[changed.length - 1]! ^= 1;
      return changed;
    };
    const cases = [
      [(path: string, body: Buffer) => (isStrips(path) ? flipped(body) : body), [members[index]!.number]],
      [(path: string, body: Buffer) => (isStrips(path) ? Buffer.alloc(34) : body), []],
    ] as const;
    for (const [twist, blamed] of cases) {
      adversary.twist(twist);
      const object = await newClient().get(put.objectRoot);
      const at = strip * stripBytes + 5;
      expect((await collect(object.range(at, 100))).equals(data.subarray(at, at + 100))).to.equal(true);
      expect(object.report.blamed.map(({ member }) => member)).to.deep.equal(blamed);
      expect(object.report.rebuilt).to.equal(1);
      forget();
      const far = 100 * stripBytes;
      expect((await collect(object.range(far, 100))).equals(data.subarray(far, far + 100))).to.equal(true);
      expect(http.paths).to.deep.equal([]);
    }
    await pointAt(owner, owner.publicUrl);
    await adversary.close();
  });

  it("believes no place that another writer names: it finds the bytes, or that there are none", async () => {
    const stranger = await network.openClient(STRANGER);
    /** Stores bytes and says that they are something else. */
    const lie = async (name: Uint8Array, bytes: Uint8Array) => {
      const builder = new PackBuilder();
      builder.add({ kind: "object", bytes });
      const pack = builder.build();
      Buffer.from(pack.bytes.buffer, pack.bytes.byteOffset).set(name, 8);
      await storePack(network, stranger, pack);
    };
    const data = randomBytes(2_000);
    const name = nameOfItem({ kind: "object", bytes: data });
    for (let i = 0; i < 6; i++) await lie(name, randomBytes(2_000));
    expect(await codeOfRejection(newClient().get(name))).to.equal("storage/unavailable");
    await storage.put(data);
    const object = await newClient().get(name);
    expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
    expect(object.report.blamed).to.deep.equal([]);
  });

  it("refuses manifests whose segments have another shape, or whose children are not theirs", async () => {
    const data = randomBytes(300 * KIB);
    const { segments } = await storage.put(data);
    const { commitment, shape } = [...segments][0]!;
    const manifest = (rowSize: number) =>
      encodeNode({
        level: 0,
        size: data.length,
        segments: [{ commitment, length: data.length, shape: { ...shape, rowSize } }],
      });
    const wrong = await storePacked(network, client, {
      kind: "manifest",
      bytes: manifest(2 * shape.rowSize),
    });
    const object = await newClient().get(wrong);
    expect(await codeOfRejection(object.bytes())).to.equal("storage/wrong-shape");
    expect(object.report.blamed).to.deep.equal([]);
    const name = await storePacked(network, client, { kind: "manifest", bytes: manifest(shape.rowSize) });
    const index = encodeNode({ level: 2, size: data.length, children: [{ name, size: data.length }] });
    const root = await storePacked(network, client, { kind: "manifest", bytes: index });
    expect(await codeOfRejection((await newClient().get(root)).bytes())).to.equal("storage/bad-manifest");
  });

  it("opens nothing that was encrypted and then cut, reordered or changed", async () => {
    const [key, data] = [randomBytes(32), randomBytes(200 * KIB)];
    const put = await storage.put(data, { encryption: { key } });
    const sealed = Buffer.from(await (await storage.get(put.objectRoot)).bytes());
    const chunk = 64 * KIB + 16;
    const [header, first, second, rest] = [0, 56, 56 + chunk, 56 + 2 * chunk].map((at, i, all) =>
      sealed.subarray(at, all[i + 1]),
    ) as [Buffer, Buffer, Buffer, Buffer];
    const forged = [
      Buffer.concat([header, first, second]),
      Buffer.concat([header, second, first, rest]),
      Buffer.concat([header, first, second, rest.subarray(0, rest.length - 1)]),
      Buffer.concat([header, first, second, second, rest]),
    ];
    for (const bytes of forged) {
      const { objectRoot } = await storage.put(bytes);
      const object = await storage.get(objectRoot, { key });
      expect(await codeOfRejection(object.bytes())).to.equal("storage/not-authentic");
    }
  });

  it("reads no further ahead than it is asked to, and stops when the loop is left", async () => {
    const put = await storage.put(Readable.from([randomBytes(16 * MIB)]));
    const object = await newClient().get(put.objectRoot);
    forget();
    for await (const chunk of object) {
      expect(chunk.length).to.equal(4 * MIB);
      break;
    }
    const segments = new Set(
      http.paths.filter((path) => path.startsWith("/segments/")).map((path) => path.split("/")[2]),
    );
    expect(segments.size).to.be.at.most(2);
  });
});
