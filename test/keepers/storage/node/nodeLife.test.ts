import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import type { EncodedSegment } from "../../../../keepers/coding/codec.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { signRequest } from "../../../../keepers/runtime/http/signedRequest.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const BINARY = "application/octet-stream";

describe("storage: life of a node", () => {
  let network: StorageNetwork;
  let setup: NodeSetup;
  let node: KeeperContext;
  let client: KeeperContext;
  let member: CommitteeMember;
  let api: MemberApi;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    await network.fund(1);
    await network.fund(2);
    setup = await network.setup(1);
    node = await network.startNode(setup);
    await network.startNode(await network.setup(2));
    client = await network.openClient(CLIENT);
    member = await memberOf(node);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
  });

  after(() => network.stop());

  const put = (commitment: Uint8Array, body: Uint8Array) => api.putSegment(member, commitment, body, signal);
  const uploadOf = (segment: EncodedSegment) => encodeUpload(segment, stripsFor(member, segment.commitment));

  it("still has everything after a restart, and registers nothing twice", async () => {
    const segment = await randomSegment(network.codec);
    await put(segment.commitment, uploadOf(segment));
    await node.closers.closeAll();
    const nonce = await network.chain.provider.getTransactionCount(node.signer.address);
    node = await network.startNode(setup);
    expect(await network.chain.provider.getTransactionCount(node.signer.address)).to.equal(nonce);
    const { strips } = await api.strips(
      member,
      segment.commitment,
      segment.shape,
      [...Array(256).keys()],
      signal,
    );
    expect(strips).to.have.length(32);
    segment.release();
  });

  it("corrects its endpoint on chain when it moved, back and forth", async () => {
    const here = setup;
    const there = await network.setup(1);
    for (const place of [there, here, there, here]) {
      await node.closers.closeAll();
      setup = place;
      node = await network.startNode(setup);
      expect((await memberOf(node)).endpoint).to.equal(node.publicUrl);
    }
    member = await memberOf(node);
  });

  it("does not let a slow peer keep others out for good", async () => {
    await node.closers.closeAll();
    node = await network.startNode(setup, { maxUploads: 1 });
    const segment = await randomSegment(network.codec);
    const body = uploadOf(segment);
    const slow = await beginUpload(segment.commitment, body.length);
    slow.write(body.subarray(0, 100));
    await until(async () => (await refusalOf(put(segment.commitment, body))) === "503 storage/busy");
    slow.destroy();
    await until(async () => (await refusalOf(put(segment.commitment, body))) === "none");
    segment.release();
  });

  it("shows what it did", async () => {
    const { body } = await client.http.request(`${node.publicUrl}/metrics`);
    const text = Buffer.from(body).toString("utf8");
    for (const name of [
      "mycelia_storage_rows_stored_total",
      "mycelia_storage_stored_bytes_total",
      "mycelia_storage_fsync_seconds_count",
      "mycelia_storage_used_bytes",
      'mycelia_storage_refused_total{code="storage/busy"',
    ]) {
      expect(text).to.include(name);
    }
  });

  /** A connection that has sent the headers of a signed upload. */
  async function beginUpload(commitment: Uint8Array, length: number): Promise<Socket> {
    const path = `/segments/${nameOf(commitment)}`;
    const authorization = await signRequest(client.signer, {
      ...{ chainId: node.chainId, audience: node.signer.address, method: "PUT", url: path },
    });
    const socket = connect(setup.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      `PUT ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${BINARY}\r\ncontent-length: ${length}\r\nauthorization: ${authorization}\r\n\r\n`,
    );
    return socket;
  }
});

/** Asks until it is so; mocha's own limit ends what never comes true. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
