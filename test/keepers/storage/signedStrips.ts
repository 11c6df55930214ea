import type { ChildProcess } from "node:child_process";
import { expect } from "chai";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import { type CommitteeMember, createCommitteeView } from "../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../keepers/storage/client/memberApi.ts";
import { setOf, slotOfStrip } from "../../../keepers/storage/format/placement.ts";
import { readReceipt } from "../../../keepers/storage/format/receipts.ts";
import { encodeUpload } from "../../../keepers/storage/format/segmentFormat.ts";
import { stripOf } from "../../../keepers/storage/format/stripFormat.ts";
import { kill, type StorageNetwork } from "./network.ts";
import { randomSegment, stripsFor } from "./segments.ts";

export interface KilledNode {
  readonly network: StorageNetwork;
  readonly client: KeeperContext;
  readonly port: number;
  readonly child: ChildProcess;
  readonly restart: () => Promise<ChildProcess>;
  /** Segments that are sent before each kill, all at once. */
  readonly segments: number;
  /** Receipts after which it is killed, each time. */
  readonly kills: readonly number[];
  readonly timeoutMs: number;
}

type Segment = Awaited<ReturnType<typeof randomSegment>>;

const { signal } = new AbortController();

/**
 * Kills a node while it writes, again and again, and looks whether it gives back all that it has signed for.
 * @returns the process that runs at last
 */
export async function killWhileItWrites(node: KilledNode): Promise<ChildProcess> {
  const { network, client, segments: count, kills, timeoutMs } = node;
  const member = await memberAtPort(client, node.port);
  const api = createMemberApi({ ...client, timeoutMs });
  const scope = { chainId: client.chainId, committee: network.address("Committees") };
  let [child, signed] = [node.child, 0];
  for (const killAfter of kills) {
    const receipts = new Map<Segment, bigint>();
    const segments = await Promise.all(Array.from({ length: count }, () => randomSegment(network.codec)));
    const put = async (segment: Segment) => {
      const { commitment, shape } = segment;
      const body = encodeUpload(segment, stripsFor(member, commitment));
      const answer = await api.putSegment(member, commitment, body, signal);
      receipts.set(segment, readReceipt(answer, scope, { commitment, shape, signer: member.signer }).slots);
      if (receipts.size === killAfter) child.kill("SIGKILL");
    };
    // All at once: the kill falls between any two writes, and into the middle of others.
    await Promise.allSettled(segments.map(put));
    await kill(child);
    child = await node.restart();
    for (const [segment, promised] of receipts) await expectStrips(api, member, segment, promised);
    signed += receipts.size;
    for (const segment of segments) segment.release();
  }
  expect(signed).to.be.at.least(kills.reduce((sum, each) => sum + each, 0));
  return child;
}

async function memberAtPort(client: KeeperContext, port: number): Promise<CommitteeMember> {
  const { members } = await createCommitteeView(client.provider, client.deployment).current();
  return members.find(({ endpoint }) => endpoint.endsWith(`:${port}`))!;
}

async function expectStrips(api: MemberApi, member: CommitteeMember, segment: Segment, promised: bigint) {
  const { commitment, shape } = segment;
  const { strips } = await api.strips(member, commitment, shape, stripsFor(member, commitment), signal);
  expect(setOf(strips.map(({ number }) => slotOfStrip(number, commitment)))).to.equal(promised);
  for (const { number, rows } of strips)
    expect(Buffer.from(rows).equals(stripOf(segment, number).rows)).to.equal(true);
}
