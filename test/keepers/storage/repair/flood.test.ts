import { join } from "node:path";
import { expect } from "chai";
import pino from "pino";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createMetricsRegistry } from "../../../../keepers/runtime/metrics/registry.ts";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import { Batches } from "../../../../keepers/storage/chain/batches.ts";
import { createCommitteeView } from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createPeerApi } from "../../../../keepers/storage/client/peerApi.ts";
import { BatchIndex } from "../../../../keepers/storage/disk/batchIndex.ts";
import { RowDirectory } from "../../../../keepers/storage/disk/rowDirectory.ts";
import { heldStrips } from "../../../../keepers/storage/disk/segmentIndex.ts";
import { SegmentStore } from "../../../../keepers/storage/disk/segmentStore.ts";
import { type BatchSegment, layOut } from "../../../../keepers/storage/format/batch.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { stripsOfSlots } from "../../../../keepers/storage/format/placement.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { RepairDuty } from "../../../../keepers/storage/repair/duty.ts";
import { createRepairMetrics } from "../../../../keepers/storage/repair/metrics.ts";
import { PeerBook } from "../../../../keepers/storage/repair/peerBook.ts";
import { TokenBucket } from "../../../../keepers/storage/repair/tokenBucket.ts";
import { eventually, temporaryDirectory } from "../../runtime/temporary.ts";
import { append } from "../certificates.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, randomSegment, stripsFor } from "../segments.ts";

const OWNER = 20;
const MIB = 1024 * 1024;

describe("storage: repair in a flood of losses", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let api: MemberApi;
  let disk: KeeperContext["store"];
  let segments: SegmentStore;
  let duty: RepairDuty;
  let batches: Batches;
  const registry = createMetricsRegistry({ name: "repair", version: "test" });
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(7);
    await network.fund(OWNER);
    api = createMemberApi({ ...(await network.openClient(OWNER)), timeoutMs: 10_000 });
    const directory = temporaryDirectory();
    disk = openLmdbStore(join(directory, "store"));
    segments = await SegmentStore.open({
      rows: new RowDirectory(join(directory, "rows"), { maxFileBytes: MIB }),
      store: disk,
      ...{ quotaBytes: 64 * MIB, creditOf: async () => 0 },
    });
    duty = await newDuty();
  });

  after(async () => {
    await segments.close();
    await disk.close();
    await network.stop();
  });

  /** The duty of the last node, on an empty disk and with so little bandwidth that a round repairs one segment. */
  const newDuty = async () => {
    const node = nodes.at(-1)!;
    batches = new Batches(node.store.under("storage/log/"));
    const asking = { ...node, timeoutMs: 10_000 };
    return new RepairDuty({
      ...node,
      ...{ batches, segments, codec: network.codec, openDecoder: async () => network.codec },
      lists: new BatchIndex(disk.under("lists/")),
      committee: createCommitteeView(node.provider, node.deployment, { ttlMs: 0 }),
      bls: await node.openBlsSigner(),
      ...{ api: createMemberApi(asking), peers: createPeerApi(asking) },
      ...{ bucket: new TokenBucket(64 * MIB), book: new PeerBook(), budget: { bytes: 1, segments: 9 } },
      metrics: createRepairMetrics(registry),
      logger: pino({ level: "silent" }),
      self: node.signer.address.toLowerCase(),
      parallel: 2,
    });
  };

  /** A segment that the first `holders` nodes hold. */
  const store = async (holders: number): Promise<BatchSegment> => {
    const segment = await randomSegment(network.codec);
    const commitment = Uint8Array.from(segment.commitment);
    for (const node of nodes.slice(0, holders)) {
      const member = await memberOf(node);
      await api.putSegment(member, commitment, encodeUpload(segment, stripsFor(member, commitment)), signal);
    }
    segment.release();
    return { commitment, shape: segment.shape };
  };

  /** Places in the batch of the segments that are repaired by now. */
  const repaired = async (list: readonly BatchSegment[]) => {
    const { slots } = await memberOf(nodes.at(-1)!);
    const done: number[] = [];
    for (const [i, { commitment }] of list.entries()) {
      const entry = await segments.index.segment(nameOf(commitment));
      const held = entry === undefined ? 0n : heldStrips(entry);
      if ((stripsOfSlots(slots, commitment) & ~held) === 0n) done.push(i);
    }
    return done;
  };

  it("repairs what is nearest to loss first, and leaves what is lost", async () => {
    // Margins 32, 64, below 0, 0: strips of 5, 6, 3 and 4 members with 32 slots each; 128 make a segment.
    const list = [await store(5), await store(6), await store(3), await store(4)];
    for (const { store: own } of nodes) await new BatchIndex(own.under("storage/batches/")).put(list);
    const id = await append(network, OWNER, layOut(list));
    await eventually("the batch is known", async () => (await batches.byId(id)) !== undefined);
    const rounds: number[][] = [];
    for (let round = 0; round < 4; round++) {
      await duty.round(signal);
      rounds.push(await repaired(list));
    }
    expect(rounds).to.deep.equal([[3], [0, 3], [0, 1, 3], [0, 1, 3]]);
    expect(await registry.metrics()).to.match(/repair_hopeless_segments\{[^}]*\} 1\n/);
  });
});
