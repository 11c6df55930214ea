import { expect } from "chai";
import { MaxUint256 } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createPeerApi } from "../../../../keepers/storage/client/peerApi.ts";
import { BatchIndex } from "../../../../keepers/storage/disk/batchIndex.ts";
import { SegmentIndex } from "../../../../keepers/storage/disk/segmentIndex.ts";
import { type BatchSegment, layOut } from "../../../../keepers/storage/format/batch.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { sizeOf, stripsOfSlots } from "../../../../keepers/storage/format/placement.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { eventually } from "../../runtime/temporary.ts";
import { AuditedNetwork, EPOCH } from "../audits/auditedNetwork.ts";
import { append } from "../certificates.ts";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const OWNER = 20;
const DROP = { everyMs: 100, unpaidMs: 3_600_000 };
const MONTH = 30 * 24 * 3_600;
const { signal } = new AbortController();

describe("storage: what a node gives up", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let api: MemberApi;

  beforeEach(async () => {
    network = await StorageNetwork.start();
    await network.fund(OWNER);
    client = await network.openClient(OWNER);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
  });
  afterEach(() => network.stop());

  const startNode = async (index: number, options: Parameters<StorageNetwork["startNode"]>[1]) => {
    await network.fund(index);
    const setup = await network.setup(index);
    return [await network.startNode(setup, options), setup] as const;
  };
  /** Stores a new segment on some nodes. */
  const store = async (nodes: readonly KeeperContext[], bytes?: number): Promise<BatchSegment> => {
    const segment = await randomSegment(network.codec, bytes);
    const commitment = Uint8Array.from(segment.commitment);
    for (const node of nodes) {
      const member = await memberOf(node);
      await api.putSegment(member, commitment, encodeUpload(segment, stripsFor(member, commitment)), signal);
    }
    segment.release();
    return { commitment, shape: segment.shape };
  };
  const held = async (node: KeeperContext, { commitment }: BatchSegment): Promise<bigint> => {
    const peers = createPeerApi({ ...client, timeoutMs: 10_000 });
    return (await peers.holdings(await memberOf(node), [commitment], signal))[0]!;
  };
  const publish = async (
    nodes: readonly KeeperContext[],
    segments: readonly BatchSegment[],
    months: number,
  ) => {
    for (const { store: own } of nodes) await new BatchIndex(own.under("storage/batches/")).put(segments);
    const layout = layOut(segments);
    if (months === 0) return await append(network, OWNER, layout);
    const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), network.wallet(OWNER));
    await (await token.approve(network.address("StorageLog"), MaxUint256)).wait();
    const log = IStorageLog__factory.connect(network.address("StorageLog"), network.wallet(OWNER));
    const { root, units } = layout;
    const order = { root, committee: 0, segments: segments.length, units, months };
    return await (await log.append(order, MaxUint256)).wait();
  };
  const restart = async (
    node: KeeperContext,
    setup: NodeSetup,
    options: Parameters<StorageNetwork["startNode"]>[1],
  ) => {
    await node.closers.closeAll();
    return await network.startNode(setup, options);
  };

  it("is what nobody has paid for in time: its uploader has its credit back, and the disk its space", async () => {
    const credit = { creditBytesPerSigner: 60 * 1_024, maxFileBytes: 16 * 1_024, drop: false } as const;
    const [node, setup] = await startNode(1, credit);
    const first = await store([node], 100_000);
    expect(await refusalOf(store([node], 100_000))).to.equal("402 storage/credit-exceeded");
    // The promise of a receipt is over; a restart doesn't count as one.
    const again = await restart(node, setup, { ...credit, drop: { ...DROP, unpaidMs: 0 } });
    await eventually("the first is gone", async () => (await held(again, first)) === 0n);
    await eventually("there is room", async () => (await refusalOf(store([again], 100_000))) === "none");
    const used = async () =>
      Number(/storage_used_bytes\{[^}]*\} (\d+)/.exec(await again.metrics.metrics())?.[1]);
    await eventually("the files are gone", async () => (await used()) < 60 * 1_024);
    const text = await again.metrics.metrics();
    expect(Number(/dropped_bytes_total\{reason="unpaid"[^}]*\} (\d+)/.exec(text)?.[1])).to.be.greaterThan(
      32_768,
    );
  });

  it("is what has expired, two epochs on, and not what another batch still pays for", async () => {
    const audited = new AuditedNetwork(network);
    const [node] = await startNode(1, { drop: DROP, repair: { pollMs: 100 } });
    const [leased, shared] = [await store([node]), await store([node])];
    await publish([node], [leased, shared], 1);
    await publish([node], [shared], 0);
    const index = new SegmentIndex(node.store.under("storage/"));
    const isNoted = async ({ commitment }: BatchSegment) =>
      (await index.segment(nameOf(commitment)))?.batch !== undefined;
    await eventually("the node knows who pays", () => isNoted(leased));
    await audited.pass(MONTH - 60);
    expect(await held(node, leased)).to.not.equal(0n);
    await audited.pass(EPOCH);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await held(node, leased), "audits of its last epoch may go on").to.not.equal(0n);
    await audited.pass(2 * EPOCH);
    await eventually("the lease is over", async () => (await held(node, leased)) === 0n);
    expect(sizeOf(await held(node, shared))).to.equal(32);
  });

  it("is what has moved to another member, once that had two epochs to copy it", async () => {
    const audited = new AuditedNetwork(network);
    const options = { drop: DROP, repair: { pollMs: 100 } };
    const nodes: KeeperContext[] = [];
    for (let index = 1; index <= 8; index++) nodes.push((await startNode(index, options))[0]);
    const segment = await store(nodes);
    await publish(nodes, [segment], 0);
    await audited.nextEpoch();
    const [late] = await startNode(9, options);
    const strips = async (node: KeeperContext) =>
      stripsOfSlots((await memberOf(node)).slots, segment.commitment);
    const moved = await strips(late);
    expect(sizeOf(moved)).to.be.greaterThan(0);
    await eventually("they were copied", async () => (await held(late, segment)) === moved);
    await audited.nextEpoch();
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const node of nodes)
      expect(sizeOf(await held(node, segment)), "audits still ask for all").to.equal(32);
    for (let epoch = 0; epoch < 3; epoch++) await audited.nextEpoch();
    for (const node of [...nodes, late])
      await eventually(
        "each holds its own",
        async () => (await held(node, segment)) === (await strips(node)),
      );
  });
});
