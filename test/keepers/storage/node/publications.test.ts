import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { hexlify, parseEther, recoverAddress } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { FatalError } from "../../../../keepers/runtime/errors.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { type BatchSegment, encodeBatch, layOut } from "../../../../keepers/storage/format/batch.ts";
import { publicationOf } from "../../../../keepers/storage/format/publication.ts";
import { readReceipt, signReceipt } from "../../../../keepers/storage/format/receipts.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { ICommittees__factory } from "../../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { StorageNetwork } from "../network.ts";
import { memberOf, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const OTHER = 21;
/** What 32 strips of an 8 KiB segment and its head take on the node's disk, with room for one such segment only. */
const CREDIT = 20_000;

const SHAPE = { k: 128, n: 128, rowSize: 64 };

const USED = /^mycelia_storage_used_bytes{[^}]*} (\d+)$/m;

describe("storage: what a node lends, and what a batch gives back", () => {
  let network: StorageNetwork;
  let node: KeeperContext;
  let member: CommitteeMember;
  let client: KeeperContext;
  let other: KeeperContext;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    for (const account of [1, CLIENT, OTHER]) await network.fund(account);
    node = await network.startNode(await network.setup(1), {
      creditBytesPerSigner: CREDIT,
      quotaBytes: 150_000,
    });
    member = await memberOf(node);
    client = await network.openClient(CLIENT);
    other = await network.openClient(OTHER);
  });

  after(() => network.stop());

  const apiOf = (context: KeeperContext): MemberApi => createMemberApi({ ...context, timeoutMs: 10_000 });

  const store = async (
    context: KeeperContext,
    shape = SHAPE,
  ): Promise<{ segment: BatchSegment; refusal: string }> => {
    const encoded = await network.codec.encode(randomBytes(shape.k * shape.rowSize), shape);
    const body = encodeUpload(encoded, stripsFor(member, encoded.commitment));
    const refusal = await refusalOf(apiOf(context).putSegment(member, encoded.commitment, body, signal));
    const commitment = Uint8Array.from(encoded.commitment);
    encoded.release();
    return { segment: { commitment, shape }, refusal };
  };

  /** Appends a batch of these segments, with whatever the client says of it instead. */
  const append = async (
    context: KeeperContext,
    segments: BatchSegment[],
    change: { units?: bigint; months?: number } = {},
  ) => {
    const wallet = network.wallet(context === client ? CLIENT : OTHER);
    const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), wallet);
    const log = IStorageLog__factory.connect(network.address("StorageLog"), wallet);
    await (await token.approve(log, parseEther("1"))).wait();
    const { root, units } = layOut(segments);
    const order = {
      ...{ root: hexlify(root), committee: 0, segments: segments.length, units, months: 1 },
      ...change,
    };
    const sent = await log.append(order, parseEther("1"));
    const receipt = await sent.wait();
    return { id: (await log.batchCount()) - 1n, block: receipt!.blockNumber };
  };

  const tell = (context: KeeperContext, batch: { id: bigint; block: number }, segments: BatchSegment[]) =>
    refusalOf(apiOf(context).postPublication(member, publicationOf(batch, segments), signal));

  it("lends each signer its credit, and takes more only after a batch has paid, whoever appended it", async () => {
    const first = await store(client);
    expect(first.refusal).to.equal("none");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");
    expect((await store(other)).refusal).to.equal("none");

    const foreign = await append(other, [first.segment]);
    expect(await tell(client, foreign, [first.segment])).to.equal("none");
    const { segment, refusal } = await store(client);
    expect(refusal).to.equal("none");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");

    const paid = await append(client, [segment]);
    expect(await tell(client, { ...paid, id: 99n }, [segment])).to.equal("404 storage/unknown-batch");
    expect(await tell(client, { ...paid, block: paid.block - 1 }, [segment])).to.equal(
      "404 storage/unknown-batch",
    );
    const unknown = { commitment: randomBytes(32), shape: SHAPE };
    expect(await tell(client, paid, [unknown])).to.equal("400 storage/wrong-batch");
    expect(await tell(client, paid, [segment, unknown])).to.equal("400 storage/wrong-batch");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");

    expect(await tell(client, paid, [segment])).to.equal("none");
    expect((await store(client)).refusal).to.equal("none");
    expect(await tell(client, paid, [segment])).to.equal("none");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");
  });

  it("refuses a batch that pays for more or less than its segments", async () => {
    const wide = { k: 128, n: 128, rowSize: 192 };
    const { segment } = await store(await network.openClient(22), wide);
    for (const units of [1n, 4n])
      expect(await tell(client, await append(client, [segment], { units }), [segment])).to.equal(
        "400 storage/wrong-units",
      );
    const narrow = { ...segment, shape: SHAPE };
    expect(await tell(client, await append(client, [narrow]), [narrow])).to.equal("400 storage/wrong-shape");
    expect(await tell(client, await append(client, [segment]), [segment])).to.equal("none");
  });

  it("refuses a batch whose term is over", async () => {
    const { segment } = await store(await network.openClient(24));
    const batch = await append(client, [segment], { months: 1 });
    const kept = await network.chain.rpc("evm_snapshot");
    await network.chain.rpc("evm_increaseTime", 32 * 86_400);
    await network.chain.rpc("anvil_mine", "0x1");
    expect(await tell(client, batch, [segment])).to.equal("410 storage/expired-batch");
    await network.chain.rpc("evm_revert", kept);
    expect(await tell(client, batch, [segment])).to.equal("none");
  });

  it("refuses garbage", async () => {
    const api = apiOf(client);
    const good = publicationOf({ id: 0n, block: 1 }, [{ commitment: randomBytes(32), shape: SHAPE }]);
    for (const bad of [
      { ...good, id: "-1" },
      { ...good, id: "9".repeat(20) },
      { ...good, block: -1 },
      { ...good, segments: "*" },
      { ...good, objects: ["../../etc"] },
      { ...good, extra: 1 },
    ]) {
      expect(await refusalOf(api.postPublication(member, bad, signal))).to.equal(
        "400 storage/bad-publication",
      );
    }
    const many = Array.from({ length: 4_097 }, () => ({ commitment: randomBytes(32), shape: SHAPE }));
    expect(await tell(client, { id: 0n, block: 1 }, many)).to.equal("400 storage/bad-publication");
    const crooked = encodeBatch([{ commitment: randomBytes(32), shape: { ...SHAPE, k: 129 } }]);
    for (const list of ["", "AAAA", Buffer.from(crooked).toString("base64")]) {
      expect(await refusalOf(api.postPublication(member, { ...good, segments: list }, signal))).to.equal(
        "400 storage/bad-batch",
      );
    }
  });

  it("refuses with 507 what its disk has no room for, and keeps serving", async () => {
    const refusals: string[] = [];
    let last: Uint8Array | undefined;
    for (let account = 25; account < 39; account++) {
      const { refusal, segment } = await store(await network.openClient(account));
      refusals.push(refusal);
      if (refusal === "none") last = segment.commitment;
    }
    expect(new Set(refusals)).to.deep.equal(new Set(["none", "507 storage/quota-exceeded"]));
    expect(refusals.indexOf("507 storage/quota-exceeded")).to.be.greaterThan(refusals.lastIndexOf("none"));
    expect((await apiOf(client).head(member, last!, signal)).shape.k).to.equal(128);
  });

  it("makes a file above the quota a clear error of the client, and leaves the node as it was", async () => {
    const used = async () => {
      const { body } = await client.http.request(`${node.publicUrl}/metrics`);
      return USED.exec(Buffer.from(body).toString("utf8"))?.[1];
    };
    const before = await used();
    const storage = createStorageClient({ ...(await network.openClient(39)), codec: network.codec });
    await expectQuotaError(storage.put(randomBytes(8_000)));
    expect(before).to.be.a("string");
    expect(await used()).to.equal(before);
  });

  it("signs receipts as the contract reads them", async () => {
    const scope = { chainId: node.chainId, committee: network.address("Committees") };
    const shape = { k: 128, n: 128, rowSize: 64 };
    const commitment = randomBytes(32);
    const slots = (1n << 255n) | 5n;
    const signed = await signReceipt(node.signer, scope, { commitment, shape, slots });
    const committee = ICommittees__factory.connect(scope.committee, node.provider);
    const digest = await committee.receiptDigest(commitment, shape.k, shape.n, shape.rowSize, slots);
    expect(recoverAddress(digest, signed.signature)).to.equal(node.signer.address);
    const body = Buffer.from(
      JSON.stringify({ slots: `0x${slots.toString(16)}`, signature: signed.signature }),
    );
    const expected = { commitment, shape, signer: node.signer.address };
    expect(readReceipt(body, scope, expected).slots).to.equal(slots);
    for (const change of [
      { ...expected, commitment: randomBytes(32) },
      { ...expected, shape: { ...shape, rowSize: 128 } },
      { ...expected, signer: client.signer.address },
    ]) {
      expect(() => readReceipt(body, scope, change))
        .to.throw()
        .with.property("code", "storage/bad-receipt");
    }
    const elsewhere = { ...scope, chainId: 1 };
    expect(() => readReceipt(body, elsewhere, expected))
      .to.throw()
      .with.property("code", "storage/bad-receipt");
  });
});

async function expectQuotaError(put: Promise<unknown>): Promise<void> {
  const error = await put.catch((thrown: unknown) => thrown);
  expect(error).to.be.instanceOf(FatalError).with.property("code", "storage/quota-exceeded");
  expect((error as FatalError).message).to.match(/do not fit: \d+ of 150000 bytes are taken/);
}
