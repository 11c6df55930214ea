import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import {
  type CommitteeMember,
  createCommitteeView,
} from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { setOf, slotOfStrip } from "../../../../keepers/storage/format/placement.ts";
import { readReceipt } from "../../../../keepers/storage/format/receipts.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { stripOf } from "../../../../keepers/storage/format/stripFormat.ts";
import { kill, StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { randomSegment, stripsFor } from "../segments.ts";

const CLIENT = 30;

describe("storage: nodes as processes", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  const setups: NodeSetup[] = [];
  const children: ChildProcess[] = [];
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    client = await network.openClient(CLIENT);
    for (let index = 1; index <= 10; index++) {
      await network.fund(index);
      setups.push(await network.setup(index));
    }
    children.push(...(await Promise.all(setups.map((setup) => network.spawnNode(setup)))));
  });

  after(() => network.stop());

  const memberAtPort = async (port: number): Promise<CommitteeMember> => {
    const { members } = await createCommitteeView(client.provider, client.deployment).current();
    return members.find(({ endpoint }) => endpoint.endsWith(`:${port}`))!;
  };

  it("reads an object back when three of ten have been killed", async () => {
    const storage = createStorageClient({
      ...client,
      codec: network.codec,
      limits: { hedgeMs: 30_000, graceMs: 30_000 },
    });
    const data = randomBytes(6_000_000);
    const put = await storage.put(data);
    expect(put.state).to.equal("full");
    await Promise.all([1, 4, 7].map((i) => kill(children[i]!)));
    const object = await storage.get(put.objectRoot);
    expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
    expect(object.report.rebuilt).to.be.within(2, 3);
    for (const i of [1, 4, 7]) children[i] = await network.spawnNode(setups[i]!);
    const again = await storage.get(put.objectRoot);
    expect(Buffer.from(await again.bytes()).equals(data)).to.equal(true);
    expect(again.report.rebuilt).to.equal(0);
  });

  it("loses no strip that it has signed for, however often it is killed while it writes", async () => {
    const setup = setups[0]!;
    const member = await memberAtPort(setup.port);
    const api = createMemberApi({ ...client, timeoutMs: 10_000 });
    const scope = { chainId: client.chainId, committee: network.address("Committees") };
    let signed = 0;
    for (const killAfter of [1, 3, 7, 12]) {
      const receipts = new Map<string, bigint>();
      const segments = await Promise.all(Array.from({ length: 16 }, () => randomSegment(network.codec)));
      const put = async ({ commitment, shape }: (typeof segments)[number], body: Uint8Array) => {
        const answer = await api.putSegment(member, commitment, body, signal);
        const receipt = readReceipt(answer, scope, { commitment, shape, signer: member.signer });
        receipts.set(Buffer.from(commitment).toString("hex"), receipt.slots);
        if (receipts.size === killAfter) children[0]!.kill("SIGKILL");
      };
      // All at once: the kill falls between any two writes, and into the middle of others.
      await Promise.allSettled(
        segments.map((segment) => put(segment, encodeUpload(segment, stripsFor(member, segment.commitment)))),
      );
      await kill(children[0]!);
      children[0] = await network.spawnNode(setup);
      for (const segment of segments) {
        const { commitment, shape } = segment;
        const promised = receipts.get(Buffer.from(commitment).toString("hex"));
        if (promised === undefined) continue;
        signed++;
        const numbers = stripsFor(member, commitment);
        const { strips } = await api.strips(member, commitment, shape, numbers, signal);
        expect(setOf(strips.map(({ number }) => slotOfStrip(number, commitment)))).to.equal(promised);
        for (const strip of strips) {
          expect(Buffer.from(strip.rows).equals(stripOf(segment, strip.number).rows)).to.equal(true);
        }
      }
      for (const segment of segments) segment.release();
    }
    expect(signed).to.be.at.least(1 + 3 + 7 + 12);
  });
});
