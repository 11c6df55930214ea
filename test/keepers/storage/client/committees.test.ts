import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createCommitteeBook } from "../../../../keepers/storage/chain/committeeBook.ts";
import { committeeOf } from "../../../../keepers/storage/chain/rendezvous.ts";
import {
  createStorageClient,
  type PutResult,
  type StorageClient,
} from "../../../../keepers/storage/client.ts";
import { ICommittees__factory } from "../../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { StorageNetwork } from "../network.ts";

const MIB = 1024 * 1024;
const CLIENT = 39;
/** Members whose shares reach the slots of a final segment. */
const MEMBERS = 8;

interface Stored {
  readonly data: Buffer;
  readonly put: PutResult;
}

describe("storage: objects over two committees", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let storage: StorageClient;
  /** Before the second committee had opened. */
  let early: readonly Stored[];

  before(async () => {
    network = await StorageNetwork.start({ "storage.committeeSize": BigInt(MEMBERS) });
    await network.startNodes(MEMBERS);
    client = await network.openClient(CLIENT);
    await network.fund(CLIENT);
    storage = newClient();
    early = await storeSome();
    const committees = ICommittees__factory.connect(network.address("Committees"), network.wallet(0));
    await (await committees.open()).wait();
    for (let index = MEMBERS + 1; (await committees.memberCount(1)) < MEMBERS; index++) {
      await network.fund(index);
      await network.startNode(await network.setup(index));
    }
  });

  after(() => network.stop());

  const newClient = () =>
    createStorageClient({
      ...{ ...client, codec: network.codec },
      limits: { hedgeMs: 30_000, graceMs: 30_000 },
    });

  const storeSome = async () => {
    const stored: Stored[] = [];
    for (const size of [9 * MIB, ...Array.from({ length: 8 }, () => 1_000)]) {
      const data = randomBytes(size);
      stored.push({ data, put: await storage.put(data) });
    }
    return stored;
  };

  const homes = (some: readonly Stored[], count: number) =>
    new Set(
      some.flatMap(({ put }) => [...put.segments].map(({ commitment }) => committeeOf(commitment, count))),
    );

  const readAll = async (some: readonly Stored[]) => {
    const reader = newClient();
    for (const { data, put } of some) {
      const object = await reader.get(put.objectRoot);
      expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
      expect(object.report.blamed).to.deep.equal([]);
    }
  };

  it("finds every segment with its own committee, and each name with whoever has it", async () => {
    storage = newClient();
    const late = await storeSome();
    expect(homes(late, 2)).to.deep.equal(new Set([0, 1]));
    for (const { put } of late) expect(put.state).to.equal("full");
    await readAll(late);
  });

  it("finds what lies where it belonged before the latest committee opened", async () => {
    expect(homes(early, 2)).to.deep.equal(new Set([0, 1]));
    await readAll(early);
    const book = createCommitteeBook(client.provider, client.deployment);
    const everybody = await book.everybody();
    const [first, second] = await Promise.all([book.members(0), book.members(1)]);
    expect(everybody).to.have.length(first.length + second.length);
    expect(everybody.slice(0, 2)).to.deep.equal([first[0], second[0]]);
    const moved = early
      .flatMap(({ put }) => [...put.segments])
      .find(({ commitment }) => committeeOf(commitment, 2) === 1)!;
    expect(await book.holders(moved.commitment)).to.deep.equal([...second, ...first]);
  });
});
