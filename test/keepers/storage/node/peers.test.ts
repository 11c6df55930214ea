import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import {
  type CommitteeMember,
  createCommitteeView,
} from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createPeerApi, type PeerApi } from "../../../../keepers/storage/client/peerApi.ts";
import { encodeBatch, layOut } from "../../../../keepers/storage/format/batch.ts";
import {
  encodeHoldings,
  parseCommitments,
  parseHoldings,
} from "../../../../keepers/storage/format/holdings.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { setOf } from "../../../../keepers/storage/format/placement.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { codeOf, codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;

describe("storage: what members ask each other", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let member: CommitteeMember;
  let api: MemberApi;
  let peers: PeerApi;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    const [node] = (await network.startNodes(1)) as [KeeperContext];
    member = await memberOf(node);
    client = await network.openClient(CLIENT);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
    peers = createPeerApi({ ...client, timeoutMs: 10_000 });
  });

  after(() => network.stop());

  const store = async (count: number) => {
    const segment = await randomSegment(network.codec);
    const commitment = Uint8Array.from(segment.commitment);
    const strips = stripsFor(member, commitment).slice(0, count);
    await api.putSegment(member, commitment, encodeUpload(segment, strips), signal);
    segment.release();
    return { commitment, shape: segment.shape, strips };
  };

  it("says which strips it holds of each segment, in the order of the question", async () => {
    const [some, all] = [await store(5), await store(256)];
    const asked = [all.commitment, randomBytes(32), some.commitment];
    const expected = [setOf(all.strips), 0n, setOf(some.strips)];
    expect(await peers.holdings(member, asked, signal)).to.deep.equal(expected);
  });

  it("hands out the list of a batch that it has signed for", async () => {
    const segments = [await store(256), await store(256)];
    const root = nameOf(layOut(segments).root);
    expect(await refusalOf(peers.batch(member, root, signal))).to.equal("404 storage/not-found");
    const { version } = await createCommitteeView(client.provider, client.deployment).current();
    await api.postBatch(member, { committee: 0, version }, encodeBatch(segments), signal);
    expect(nameOf(layOut(await peers.batch(member, root, signal)).root)).to.equal(root);
  });

  it("answers no question without a signature, and none that is empty, ragged or too long", async () => {
    const ask = (body: Uint8Array) =>
      client.http.request(`${member.endpoint}/holdings`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body,
      });
    expect(await refusalOf(ask(randomBytes(32)))).to.equal("401 http/unsigned");
    const refused = (count: number) =>
      refusalOf(peers.holdings(member, Array<Uint8Array>(count).fill(randomBytes(32)), signal));
    expect(await refused(1_024)).to.equal("none");
    expect(await refused(1_025)).to.match(/^413 /);
    expect(await refused(0)).to.equal("400 storage/bad-holdings");
    expect(codeOf(() => parseCommitments(randomBytes(33)))).to.equal("storage/bad-holdings");
    expect(await refusalOf(peers.batch(member, "../../etc", signal))).to.not.equal("none");
  });

  it("reads no answer of another length", async () => {
    const sets = [0n, 1n, 2n ** 256n - 1n];
    expect(parseHoldings(encodeHoldings(sets), 3)).to.deep.equal(sets);
    for (const count of [2, 4])
      expect(codeOf(() => parseHoldings(encodeHoldings(sets), count))).to.equal("storage/bad-holdings");
    const unsigned = async () => createPeerApi({ ...client, signer: undefined, timeoutMs: 1 });
    expect(await codeOfRejection(unsigned())).to.equal("storage/no-signer");
  });
});
