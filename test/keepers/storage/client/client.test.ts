import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { RetryableError } from "../../../../keepers/runtime/errors.ts";
import { createCommitteeView } from "../../../../keepers/storage/chain/committeeView.ts";
import {
  createStorageClient,
  type PutResult,
  type StorageClient,
} from "../../../../keepers/storage/client.ts";
import { ICommittees__factory } from "../../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";

const MIB = 1024 * 1024;
const CLIENT = 30;
/** On a busy machine an honest member may be slow; what is tested here is who is down. */
const PATIENT = { hedgeMs: 30_000, graceMs: 30_000 };

describe("storage: client on ten nodes", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let client: KeeperContext;
  let storage: StorageClient;

  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(10);
    client = await network.openClient(CLIENT);
    await network.fund(CLIENT);
    storage = clientOf();
  });

  after(() => network.stop());

  const clientOf = (limits: Parameters<typeof createStorageClient>[0]["limits"] = {}) =>
    createStorageClient({ ...client, codec: network.codec, limits: { ...PATIENT, ...limits } });

  /** By a client that doesn't know yet who served before. */
  const readBack = async (put: PutResult) => {
    const object = await clientOf().get(put.objectRoot);
    return { bytes: Buffer.from(await object.bytes()), report: object.report };
  };

  it("gives back every size as it was, from bytes and from a stream", async () => {
    for (const size of [1, 100, 8_192, 8_193, 300_000, 4 * MIB, 4 * MIB + 1]) {
      const data = randomBytes(size);
      const put = await storage.put(size % 2 === 0 ? data : Readable.from([data]));
      expect(put.state, String(size)).to.equal("full");
      expect(put.slotsCovered).to.equal(256);
      expect(put.failures).to.deep.equal([]);
      expect(put.size).to.equal(size);
      const { bytes, report } = await readBack(put);
      expect(bytes.equals(data), String(size)).to.equal(true);
      expect(report).to.deep.equal({ blamed: [], failures: [], rebuilt: 0, miscoded: [] });
    }
  });

  it("does not care how a stream is cut", async () => {
    const data = randomBytes(20_000);
    const whole = await storage.put(data);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6_000 }), { minLength: 1, maxLength: 8 }),
        async (sizes) => {
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < data.length; i++) {
            const size = sizes[i % sizes.length]!;
            chunks.push(data.subarray(at, at + size));
            at += size;
          }
          const put = await storage.put(Readable.from(chunks));
          expect(put.objectRoot).to.deep.equal(whole.objectRoot);
        },
      ),
      { numRuns: 5 },
    );
  });

  it("tells progress that ends at the whole", async () => {
    const data = randomBytes(9 * MIB);
    const stored: number[] = [];
    const read: number[] = [];
    const put = await storage.put(data, { onProgress: ({ done, total }) => stored.push(done, total ?? -1) });
    const object = await storage.get(put.objectRoot, {
      onProgress: ({ done, total }) => read.push(done, total ?? -1),
    });
    let bytes = 0;
    for await (const chunk of object) bytes += chunk.length;
    expect(bytes).to.equal(data.length);
    expect(stored.slice(-2)).to.deep.equal([data.length, data.length]);
    expect(read.slice(-2)).to.deep.equal([data.length, data.length]);
    expect(put.segments).to.have.length(4);
    expect(put.bytesSent).to.be.greaterThan(2 * data.length);
    expect(put.bytesSent).to.be.lessThan(2.5 * data.length);
  });

  it("stores no empty file", async () => {
    expect(await codeOfRejection(storage.put(new Uint8Array()))).to.equal("storage/empty-object");
    expect(await codeOfRejection(storage.put(Readable.from([])))).to.equal("storage/empty-object");
  });

  it("says that an object is unknown, and that bytes are too many to take at once", async () => {
    expect(await codeOfRejection(storage.get(randomBytes(32)))).to.equal("storage/not-found");
    const put = await storage.put(randomBytes(1000));
    const object = await storage.get(put.objectRoot);
    expect(await codeOfRejection(object.bytes(999))).to.equal("storage/object-too-large");
  });

  it("stops when it is told to, with the reason it was given", async () => {
    const reason = new RetryableError("test/enough", "enough");
    const stop = new AbortController();
    const put = storage.put(randomBytes(20 * MIB), {
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });
    expect(await codeOfRejection(put)).to.equal("test/enough");
    const stored = await storage.put(randomBytes(9 * MIB));
    const stopReading = new AbortController();
    const object = await storage.get(stored.objectRoot, {
      signal: stopReading.signal,
      onProgress: () => stopReading.abort(reason),
    });
    expect(await codeOfRejection(object.bytes())).to.equal("test/enough");
    expect(
      await codeOfRejection(storage.get(stored.objectRoot, { signal: AbortSignal.abort(reason) })),
    ).to.equal("test/enough");
  });

  it("needs a key to store and to publish, and none to read", async () => {
    const put = await storage.put(randomBytes(500));
    const { provider, chainId, deployment, http } = client;
    const reader = createStorageClient({ provider, chainId, deployment, http, codec: network.codec });
    expect(await codeOfRejection(reader.put(randomBytes(5)))).to.equal("storage/no-signer");
    expect(await codeOfRejection(reader.publish([put]))).to.equal("storage/no-signer");
    expect((await (await reader.get(put.objectRoot)).bytes()).length).to.equal(500);
  });

  describe("with members gone", () => {
    const setups = new Map<KeeperContext, NodeSetup>();

    /** Takes members down and brings them back. */
    const without = async (count: number, run: () => Promise<void>) => {
      const gone = nodes.slice(0, count);
      for (const node of gone) {
        const port = Number(new URL(node.publicUrl).port);
        setups.set(node, await network.setup(nodes.indexOf(node) + 1, port));
        await node.closers.closeAll();
      }
      try {
        await run();
      } finally {
        for (const node of gone) nodes[nodes.indexOf(node)] = await network.startNode(setups.get(node)!);
      }
    };

    it("reads what was stored with four of ten gone, and says when too few are left", async () => {
      const data = randomBytes(5 * MIB);
      const put = await storage.put(data);
      for (const count of [3, 4]) {
        await without(count, async () => {
          const { bytes, report } = await readBack(put);
          expect(bytes.equals(data)).to.equal(true);
          expect(report.rebuilt).to.be.within(2, 3);
          expect(report.blamed).to.deep.equal([]);
        });
      }
      await without(6, async () => {
        expect(await codeOfRejection(readBack(put))).to.equal("storage/too-few-rows");
      });
      expect((await readBack(put)).report.rebuilt).to.equal(0);
    });

    it("stores finally with two of ten gone and names them, and refuses to with four gone", async () => {
      await without(2, async () => {
        const data = randomBytes(9 * MIB);
        const put = await storage.put(data);
        expect(put.state).to.equal("final");
        expect(put.failures.map(({ endpoint }) => endpoint).sort()).to.deep.equal(
          nodes
            .slice(0, 2)
            .map(({ publicUrl }) => publicUrl)
            .sort(),
        );
        expect((await readBack(put)).bytes.equals(data)).to.equal(true);
      });
      await without(4, async () => {
        expect(await codeOfRejection(storage.put(randomBytes(1000)))).to.equal("storage/not-final");
      });
    });

    it("says that nobody answers when nobody answers", async () => {
      const put = await storage.put(randomBytes(10));
      await without(10, async () => {
        expect(await codeOfRejection(storage.get(put.objectRoot))).to.equal("storage/unavailable");
        expect(await codeOfRejection(storage.put(randomBytes(10)))).to.equal("storage/not-final");
      });
    });
  });

  it("finds strips with those who held the slots before a new member came", async () => {
    const data = randomBytes(300_000);
    const put = await storage.put(data);
    await network.fund(11);
    const joiner = await network.startNode(await network.setup(11));
    const { members } = await createCommitteeView(client.provider, client.deployment).current();
    expect(members).to.have.length(11);
    const { bytes, report } = await readBack(put);
    expect(bytes.equals(data)).to.equal(true);
    expect(report.blamed).to.deep.equal([]);
    const committee = ICommittees__factory.createInterface();
    await joiner.transactions.send({
      key: "test/resign",
      to: network.address("Committees"),
      data: committee.encodeFunctionData("resign"),
    });
  });
});
