import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { hexlify, parseEther, recoverAddress } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { FatalError } from "../../../../keepers/runtime/errors.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { batchRoot } from "../../../../keepers/storage/chain/publications.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { readReceipt, signReceipt } from "../../../../keepers/storage/format/receipts.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { codedBytes } from "../../../../keepers/storage/format/shapeRules.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { ICommittees__factory } from "../../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageLogV1__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLogV1__factory.js";
import { StorageNetwork } from "../network.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const OTHER = 21;
/** What 32 strips of an 8 KiB segment and its head take on the node's disk, with room for one such segment only. */
const CREDIT = 20_000;

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
  ): Promise<{ commitment: Uint8Array; refusal: string; size: bigint }> => {
    const segment = await randomSegment(network.codec);
    const body = encodeUpload(segment, stripsFor(member, segment.commitment));
    const refusal = await refusalOf(apiOf(context).putSegment(member, segment.commitment, body, signal));
    const commitment = Uint8Array.from(segment.commitment);
    const size = BigInt(codedBytes(segment.shape));
    segment.release();
    return { commitment, refusal, size };
  };

  const append = async (context: KeeperContext, commitments: Uint8Array[], size: bigint) => {
    const wallet = network.wallet(context === client ? CLIENT : OTHER);
    const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), wallet);
    const log = IStorageLogV1__factory.connect(network.address("StorageLog"), wallet);
    await (await token.approve(log, parseEther("1"))).wait();
    const sent = await log.append(hexlify(batchRoot(commitments)), commitments.length, size, parseEther("1"));
    const receipt = await sent.wait();
    return { index: String((await log.batchCount()) - 1n), block: receipt!.blockNumber };
  };

  const tell = (context: KeeperContext, batch: { index: string; block: number }, commitments: Uint8Array[]) =>
    refusalOf(
      apiOf(context).postPublication(
        member,
        { ...batch, commitments: commitments.map(nameOf), objects: [] },
        signal,
      ),
    );

  it("lends each signer its credit, and takes more only after the signer's own batch has paid", async () => {
    const first = await store(client);
    expect(first.refusal).to.equal("none");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");
    expect((await store(other)).refusal).to.equal("none");

    const foreign = await append(other, [first.commitment], first.size);
    expect(await tell(client, foreign, [first.commitment])).to.equal("none");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");

    const cheap = await append(client, [first.commitment, randomBytes(32)], 2n * 16_384n);
    const paid = await append(client, [first.commitment], first.size);
    expect(await tell(client, { ...paid, index: "99" }, [first.commitment])).to.equal(
      "404 storage/unknown-batch",
    );
    expect(await tell(client, { ...paid, block: paid.block - 1 }, [first.commitment])).to.equal(
      "404 storage/unknown-batch",
    );
    expect(await tell(client, paid, [randomBytes(32)])).to.equal("400 storage/wrong-batch");
    expect(await tell(client, cheap, [first.commitment])).to.equal("400 storage/wrong-batch");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");

    expect(await tell(client, paid, [first.commitment])).to.equal("none");
    expect((await store(client)).refusal).to.equal("none");
    expect(await tell(client, paid, [first.commitment])).to.equal("none");
    expect((await store(client)).refusal).to.equal("402 storage/credit-exceeded");
  });

  it("refuses a batch that pays for less than its segments", async () => {
    const wide = await network.codec.encode(randomBytes(20_000), { k: 128, n: 128, rowSize: 192 });
    const commitment = Uint8Array.from(wide.commitment);
    const body = encodeUpload(wide, stripsFor(member, commitment));
    wide.release();
    const third = await network.openClient(22);
    expect(await refusalOf(apiOf(third).putSegment(member, commitment, body, signal))).to.equal("none");
    const cheap = await append(client, [commitment], 16_384n);
    expect(await tell(client, cheap, [commitment])).to.equal("400 storage/underpaid");
  });

  it("refuses garbage", async () => {
    const api = apiOf(client);
    const good = { index: "0", block: 1, commitments: ["0".repeat(64)], objects: [] };
    for (const bad of [
      { ...good, index: "-1" },
      { ...good, index: "9".repeat(40) },
      { ...good, block: -1 },
      { ...good, commitments: [] },
      { ...good, commitments: ["../../etc"] },
      { ...good, extra: 1 },
    ]) {
      expect(await refusalOf(api.postPublication(member, bad, signal))).to.equal(
        "400 storage/bad-publication",
      );
    }
    const many = { ...good, commitments: Array(4_097).fill("0".repeat(64)) };
    expect(await refusalOf(api.postPublication(member, many, signal))).to.equal(
      "400 storage/bad-publication",
    );
  });

  it("refuses with 507 what its disk has no room for, and keeps serving", async () => {
    const refusals: string[] = [];
    let last: Uint8Array | undefined;
    for (let account = 23; account < 39; account++) {
      const { refusal, commitment } = await store(await network.openClient(account));
      refusals.push(refusal);
      if (refusal === "none") last = commitment;
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
