import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createPeerApi, type PeerApi } from "../../../../keepers/storage/client/peerApi.ts";
import { BatchIndex } from "../../../../keepers/storage/disk/batchIndex.ts";
import { type BatchSegment, layOut } from "../../../../keepers/storage/format/batch.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { stripsOfSlots } from "../../../../keepers/storage/format/placement.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import {
  checkStrip,
  STRIP_HEADER_BYTES,
  stripBytes,
} from "../../../../keepers/storage/format/stripFormat.ts";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { eventually } from "../../runtime/temporary.ts";
import { Adversary } from "../adversary.ts";
import { append, certify } from "../certificates.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, pointAt, randomSegment, stripsFor } from "../segments.ts";

const OWNER = 20;
const FULL = 3n;
const ANSWER_HEADER_BYTES = 34;

describe("storage: repair among liars", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let client: KeeperContext;
  let api: MemberApi;
  let peers: PeerApi;
  const adversaries: Adversary[] = [];
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(7);
    await network.fund(OWNER);
    client = await network.openClient(OWNER);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
    peers = createPeerApi({ ...client, timeoutMs: 10_000 });
  });

  after(async () => {
    await Promise.all(adversaries.map((adversary) => adversary.close()));
    await network.stop();
  });

  /** A segment whose members hold their strips. */
  const store = async (): Promise<BatchSegment> => {
    const segment = await randomSegment(network.codec);
    const commitment = Uint8Array.from(segment.commitment);
    for (const node of nodes) {
      const member = await memberOf(node);
      await api.putSegment(member, commitment, encodeUpload(segment, stripsFor(member, commitment)), signal);
    }
    segment.release();
    return { commitment, shape: segment.shape };
  };

  /** Puts an adversary in front of a node, with a twist for each answer with strips. */
  const corrupt = async (node: KeeperContext, twist: (path: string, body: Buffer) => void) => {
    const adversary = await Adversary.infrontOf(node.publicUrl);
    adversaries.push(adversary);
    adversary.twist((path, body) => {
      if (path.includes("/strips?") && body.length > ANSWER_HEADER_BYTES) twist(path, body);
      return body;
    });
    await pointAt(node, adversary.url);
  };

  it("blames and skips who flips bits in rows or proofs or sends another's rows, and signs when it is done", async () => {
    // Enough for each liar to be asked, wherever slots and commitments fall.
    const segments = await Promise.all(Array.from({ length: 6 }, store));
    const layout = layOut(segments);
    for (const { store: own } of nodes) await new BatchIndex(own.under("storage/batches/")).put(segments);
    const id = await append(network, OWNER, layout);
    await certify(network, id, layout, nodes);
    const log = IStorageLog__factory.connect(network.address("StorageLog"), network.chain.provider);
    expect(await log.stateOf(id)).to.equal(FULL - 1n);
    const liars = await Promise.all(nodes.slice(0, 3).map(memberOf));
    const honest = await memberOf(nodes[3]!);
    const stolen = new Map<string, Uint8Array>();
    for (const { commitment, shape } of segments) {
      const [first] = stripsFor(honest, commitment) as [number];
      const { strips } = await api.strips(honest, commitment, shape, [first], signal);
      stolen.set(nameOf(commitment), strips[0]!.rows);
    }
    await corrupt(nodes[0]!, (_path, body) => {
      body[body.length - 1]! ^= 1;
    });
    await corrupt(nodes[1]!, (_path, body) => {
      body[ANSWER_HEADER_BYTES + 2]! ^= 1;
    });
    await corrupt(nodes[2]!, (path, body) => {
      const name = /segments\/([0-9a-f]{64})/.exec(path)![1]!;
      body.set(stolen.get(name)!, ANSWER_HEADER_BYTES + STRIP_HEADER_BYTES);
    });
    await network.fund(8);
    const late = await network.startNode(await network.setup(8), { repair: { pollMs: 100 } });
    const member = await memberOf(late);
    const names = segments.map(({ commitment }) => commitment);
    await eventually("the late member holds its strips", async () => {
      const held = await peers.holdings(member, names, signal);
      return held.every((set, i) => (stripsOfSlots(member.slots, names[i]!) & ~set) === 0n);
    });
    const exposition = await late.metrics.metrics();
    const blamed = [...exposition.matchAll(/repair_blamed_total\{seat="(\d+)"/g)].map(([, seat]) =>
      Number(seat),
    );
    expect(blamed).to.have.members(liars.map(({ number }) => number));
    for (const { commitment, shape } of segments) {
      const wanted = stripsFor(member, commitment);
      const { strips } = await api.strips(member, commitment, shape, wanted.slice(0, 4), signal);
      expect(strips.every(({ rows }) => rows.length === stripBytes(shape) - STRIP_HEADER_BYTES)).to.equal(
        true,
      );
      const head = await api.head(member, commitment, signal);
      const checker = await network.codec.checker(commitment, shape, head.rlc);
      for (const strip of strips) checkStrip(strip, shape, head.rowRoot, checker);
    }
    await eventually("the batch is full", async () => (await log.stateOf(id)) === FULL);
  });
});
