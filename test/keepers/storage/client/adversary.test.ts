import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import {
  createStorageClient,
  type PutResult,
  type StorageClient,
} from "../../../../keepers/storage/client.ts";
import { locationsToJson, MAX_LOCATIONS } from "../../../../keepers/storage/format/locations.ts";
import { parseName } from "../../../../keepers/storage/format/names.ts";
import { nameOfItem } from "../../../../keepers/storage/format/pack.ts";
import { originalStrips, reaches, sizeOf } from "../../../../keepers/storage/format/placement.ts";
import { Adversary, type Twist } from "../adversary.ts";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, pointAt, stripsFor } from "../segments.ts";

const CLIENT = 30;

const isStrips = (path: string) => path.startsWith("GET /segments/") && path.includes("/strips");
const isHead = (path: string) => path.startsWith("GET /segments/") && !path.includes("/strips");
const isPlace = (path: string) => path.startsWith("GET /objects/");

/** Flips a bit at a place of the answer, counted from its end. */
const flipped = (body: Buffer, fromEnd: number) => {
  const changed = Buffer.from(body);
  changed[changed.length - fromEnd]! ^= 1;
  return changed;
};

describe("storage: client among lying, silent and slow nodes", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let storage: StorageClient;
  let adversary: Adversary;
  let honest: StorageClient;
  let liar: CommitteeMember;

  // The first member in the table lies: it is the first that a client asks for heads, and for places of some names.
  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(10);
    adversary = await Adversary.infrontOf(nodes[0]!.publicUrl);
    const client = await network.openClient(CLIENT);
    honest = createStorageClient({
      ...{ ...client, codec: network.codec },
      // A lie must arrive before somebody else's strips, however slow the machine is.
      limits: { hedgeMs: 30_000, graceMs: 30_000 },
    });
    await pointAt(nodes[0]!, adversary.url);
    liar = await memberOf(nodes[0]!);
    storage = createStorageClient({
      ...client,
      codec: network.codec,
      limits: { hedgeMs: 200, graceMs: 2_000 },
    });
  });

  after(async () => {
    await adversary.close();
    await network.stop();
  });

  /** Stores with everybody honest, so that the adversary holds an original strip, and reads under the twist. */
  const readUnder = async (twist: Twist, reader: StorageClient) => {
    adversary.twist((_path, body) => body);
    let data: Buffer;
    let put: PutResult;
    do {
      do data = randomBytes(20_000);
      while (firstAsked(data) !== 0);
      put = await honest.put(data);
      expect(put.state).to.equal("full");
    } while (!bringsOriginals(put));
    adversary.twist(twist);
    const object = await reader.get(put.objectRoot);
    const equal = Buffer.from(await object.bytes()).equals(data);
    return { equal, report: object.report, put };
  };

  /** Each name begins with another member of the table. */
  const firstAsked = (data: Uint8Array) => nameOfItem({ kind: "object", bytes: data })[0]! % nodes.length;

  const bringsOriginals = (put: PutResult) => {
    const { commitment, shape } = [...put.segments][0]!;
    return stripsFor(liar, commitment)[0]! < originalStrips(shape);
  };

  const blamesOnlyTheLiar = async (twist: Twist, reason: RegExp) => {
    const { equal, report } = await readUnder(twist, honest);
    expect(equal).to.equal(true);
    expect(report.blamed.map(({ member }) => member)).to.deep.equal([liar.number]);
    expect(report.blamed[0]!.operator).to.equal(nodes[0]!.signer.address);
    expect(report.blamed[0]!.reason).to.match(reason);
    return report;
  };

  it("blames and replaces who sends a row with a flipped bit", async () => {
    const report = await blamesOnlyTheLiar(
      (path, body) => (isStrips(path) ? flipped(body, 1) : body),
      /wrong-row-root|row-refused/,
    );
    expect(report.rebuilt).to.equal(1);
  });

  it("blames who sends a wrong path, a strip that was not asked for by its name, or garbage", async () => {
    const answerHeader = 34;
    const wrongPath: Twist = (path, body) => {
      if (!isStrips(path)) return body;
      const changed = Buffer.from(body);
      changed[answerHeader + 2 + 100]! ^= 1;
      return changed;
    };
    await blamesOnlyTheLiar(wrongPath, /wrong-row-root|row-refused/);
    await blamesOnlyTheLiar(
      (path, body) => (isStrips(path) ? body.subarray(0, body.length - 7) : body),
      /bad-strips/,
    );
    await blamesOnlyTheLiar((path, body) => (isStrips(path) ? randomBytes(5000) : body), /bad-s/);
    await blamesOnlyTheLiar((path, body) => (isStrips(path) ? Buffer.alloc(0) : body), /bad-segment/);
  });

  it("blames who serves rows of another segment", async () => {
    let earlier: Buffer | undefined;
    await readUnder((path, body) => {
      if (isStrips(path)) earlier ??= body;
      return body;
    }, honest);
    await blamesOnlyTheLiar(
      (path, body) => (isStrips(path) ? earlier! : body),
      /unasked-strip|wrong-row-root|row-refused/,
    );
  });

  it("blames who sends a wrong head, and reads it elsewhere", async () => {
    await blamesOnlyTheLiar((path, body) => (isHead(path) ? flipped(body, 1) : body), /wrong-head/);
    await blamesOnlyTheLiar(
      (path, body) => (isHead(path) ? flipped(body, body.length) : body),
      /bad-segment/,
    );
  });

  it("reads on where a head proves itself but for its shape, and blames nobody: the place may be what is wrong", async () => {
    const twice = (body: Buffer) => {
      const changed = Buffer.from(body);
      changed.writeUInt32BE(2 * body.readUInt32BE(16), 16);
      return changed;
    };
    const { equal, report } = await readUnder((path, body) => (isHead(path) ? twice(body) : body), honest);
    expect(equal).to.equal(true);
    expect(report.blamed).to.deep.equal([]);
    expect(report.failures.map(({ member, code }) => [member, code])).to.deep.equal([
      [liar.number, "storage/wrong-shape"],
    ]);
  });

  it("reads past a member that names wrong places without end, and blames one whose places do not rise", async () => {
    const { commitment, shape } = [...(await honest.put(randomBytes(30_000))).segments][0]!;
    const lies = (from: number) =>
      Array.from({ length: MAX_LOCATIONS }, (_, i) => {
        const number = (from * MAX_LOCATIONS + i).toString(16).padStart(64, "0");
        return {
          ...{ commitment: parseName(number), shape },
          kind: "object" as const,
          offset: i,
          length: 1_000,
        };
      });
    let pages = 0;
    const endless: Twist = (path, body) =>
      isPlace(path) ? Buffer.from(JSON.stringify(locationsToJson(lies(pages++)))) : body;
    const { equal, report } = await readUnder(endless, honest);
    expect(equal).to.equal(true);
    expect(report.blamed).to.deep.equal([]);
    expect(pages).to.equal(1);
    const twice = [...lies(0).slice(0, 1), ...lies(0).slice(0, 1)].map((place) => ({ ...place, commitment }));
    await blamesOnlyTheLiar(
      (path, body) => (isPlace(path) ? Buffer.from(JSON.stringify(locationsToJson(twice))) : body),
      /bad-location/,
    );
  });

  it("reads on where a member names a place that holds something else, and blames it for no place at all", async () => {
    const elsewhere = await honest.put(randomBytes(30_000));
    const { commitment, shape } = [...elsewhere.segments][0]!;
    const lie = locationsToJson([{ commitment, shape, kind: "object", offset: 500, length: 20_000 }]);
    const lied = await readUnder(
      (path, body) => (isPlace(path) ? Buffer.from(JSON.stringify(lie)) : body),
      honest,
    );
    expect(lied.equal).to.equal(true);
    await blamesOnlyTheLiar((path, body) => (isPlace(path) ? flipped(body, 1) : body), /bad-location/);
  });

  it("does not wait for who is silent, and blames nobody for it", async () => {
    const { equal, report } = await readUnder(() => undefined, storage);
    expect(equal).to.equal(true);
    expect(report.blamed).to.deep.equal([]);
    expect(report.rebuilt).to.equal(1);
  });

  it("does not wait for who answers heads and places and then says that it holds nothing", async () => {
    const { equal, report } = await readUnder(
      (path, body) => (isStrips(path) ? Buffer.alloc(34) : body),
      honest,
    );
    expect(equal).to.equal(true);
    expect(report.rebuilt).to.equal(1);
  });

  it("counts no receipt that is forged, and no slots that are not the signer's", async () => {
    const answerWith = (change: (answer: Record<string, string>) => object): Twist => {
      return (path, body) => {
        if (!path.startsWith("PUT /segments/")) return body;
        return Buffer.from(JSON.stringify(change(JSON.parse(body.toString("utf8")))));
      };
    };
    const twists: Twist[] = [
      answerWith((answer) => ({ ...answer, slots: `0x${"f".repeat(64)}` })),
      answerWith((answer) => ({ ...answer, signature: `0x${"1".repeat(130)}` })),
      answerWith(() => ({})),
      (path, body) => (path.startsWith("PUT /segments/") ? randomBytes(100) : body),
      (path, body) => (path.startsWith("PUT /segments/") ? Buffer.alloc(100_000) : body),
    ];
    for (const twist of twists) {
      adversary.twist(twist);
      const put = await honest.put(randomBytes(500));
      expect(put.slotsCovered).to.equal(256 - sizeOf(liar.slots));
      expect(put.failures).to.have.length(1);
    }
  });

  it("stores finally past a node that takes the bytes and never answers", async () => {
    adversary.twist((path, body) => (path.startsWith("PUT") ? undefined : body));
    const put = await storage.put(randomBytes(100_000));
    expect(reaches(put.state, "final")).to.equal(true);
    expect(put.slotsCovered).to.be.at.most(256 - sizeOf(liar.slots));
    expect(put.failures.find(({ member }) => member === liar.number)?.code).to.equal("storage/slow-member");
  });

  it("survives an endpoint on chain that is no good", async () => {
    const data = randomBytes(10_000);
    adversary.twist((_path, body) => body);
    const put = await honest.put(data);
    for (const url of [
      "http://256.256.256.256",
      "http://[",
      "https://127.0.0.1:1/",
      "http://user:pass@127.0.0.1/",
    ]) {
      await pointAt(nodes[0]!, url);
      const object = await storage.get(put.objectRoot);
      expect(Buffer.from(await object.bytes()).equals(data), url).to.equal(true);
    }
    await pointAt(nodes[0]!, adversary.url);
  });

  it("fetches nothing from a private address when that is not allowed", async () => {
    const { createHttpClient } = await import("../../../../keepers/runtime/http/client.ts");
    const context = nodes[0]!;
    const http = createHttpClient();
    const guarded = createStorageClient({ ...context, http, codec: network.codec });
    const put = await honest.put(randomBytes(100));
    const before = adversary.requests;
    expect(await codeOfRejection(guarded.get(put.objectRoot))).to.equal("storage/unavailable");
    expect(adversary.requests).to.equal(before);
    await http.close();
  });
});
