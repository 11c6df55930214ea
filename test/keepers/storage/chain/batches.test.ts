import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { type Batch, Batches, isLive } from "../../../../keepers/storage/chain/batches.ts";
import { layOut } from "../../../../keepers/storage/format/batch.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { eventually } from "../../runtime/temporary.ts";
import { append, certify } from "../certificates.ts";
import { StorageNetwork } from "../network.ts";

const OWNER = 20;
const NODES = 7;

describe("storage: nodes follow the log", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let views: Batches[];

  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(NODES);
    views = nodes.map(({ store }) => new Batches(store.under("storage/log/")));
    await network.fund(OWNER);
  });

  after(() => network.stop());

  const randomBatch = (segments: number) =>
    layOut(
      Array.from({ length: segments }, () => ({
        commitment: randomBytes(32),
        shape: { k: 128, n: 128, rowSize: 64 },
      })),
    );

  const all = async (view: Batches) => {
    const list: Batch[] = [];
    for await (const batch of view.all(0)) list.push(batch);
    return list;
  };

  /** Once every node has the same list. */
  const settled = async (isDone: (list: Batch[]) => boolean): Promise<Batch[]> => {
    let list: Batch[] = [];
    for (const view of views) {
      await eventually("a node has followed", async () => {
        list = await all(view);
        return isDone(list);
      });
    }
    return list;
  };

  it("knows every batch, who owns it, where its units lie, and who covers it", async () => {
    const [first, second] = [randomBatch(3), randomBatch(2)];
    const ids = [await append(network, OWNER, first), await append(network, OWNER, second)];
    const early = await certify(network, ids[1]!, second, nodes.slice(0, 6));
    const late = await certify(network, ids[1]!, second, nodes.slice(6));
    const list = await settled(([, two]) => two?.covered === (early | late));
    const { address } = network.wallet(OWNER);
    const log = IStorageLog__factory.connect(network.address("StorageLog"), network.chain.provider);
    for (const [i, layout] of [first, second].entries()) {
      const onChain = await log.batchAt(ids[i]!);
      expect(list[i]).to.deep.equal({
        ...{ id: ids[i], committee: 0, root: nameOf(layout.root), owner: address.toLowerCase() },
        ...{ segments: layout.segments.length, firstUnit: onChain.firstUnit, units: onChain.units },
        ...{ expiry: onChain.expiry, covered: await log.coverageOf(ids[i]!) },
      });
    }
    const [view] = views as [Batches];
    expect(await view.byId(ids[1]!)).to.deep.equal(list[1]);
    const bounds = [0n, 2n, 3n, 4n, 5n];
    const found = await Promise.all(bounds.map((unit) => view.byUnit(0, unit)));
    expect(found.map((batch) => batch?.id)).to.deep.equal([ids[0], ids[0], ids[1], ids[1], undefined]);
    expect(await view.byUnit(1, 0n)).to.equal(undefined);
  });

  it("forgets what a reorg of five blocks takes away, and takes what comes instead", async () => {
    const before = await settled(() => true);
    const certified = before.at(-1)!;
    const gone = [randomBatch(1), randomBatch(4)];
    const id = await append(network, OWNER, gone[0]!);
    await certify(network, id, gone[0]!, nodes);
    await append(network, OWNER, gone[1]!);
    await network.chain.rpc("anvil_mine", "0x1");
    await settled(({ length }) => length === before.length + 2);
    await network.chain.rpc("anvil_reorg", 5, []);
    await settled(({ length }) => length === before.length);
    const instead = randomBatch(2);
    expect(await append(network, OWNER, instead)).to.equal(id);
    const after = await settled(({ length }) => length === before.length + 1);
    expect(after.slice(0, -1)).to.deep.equal(before);
    expect(after.at(-1)).to.include({ id, root: nameOf(instead.root), covered: 0n, units: 2n });
    expect(after.at(-1)!.firstUnit).to.equal(certified.firstUnit + certified.units);
  });

  it("counts a batch as live until its term is over", async () => {
    expect(isLive({ expiry: 0n }, 2n ** 63n)).to.equal(true);
    expect(isLive({ expiry: 100n }, 99n)).to.equal(true);
    expect(isLive({ expiry: 100n }, 100n)).to.equal(false);
  });
});
