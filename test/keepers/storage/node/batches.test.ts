import { randomBytes } from "node:crypto";
import { aggregatePublicKeys, aggregateSignatures, verify } from "@chainsafe/blst";
import { expect } from "chai";
import { getBytes } from "ethers";
import { decodeKey } from "../../../../keepers/runtime/bls/points.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import {
  type CommitteeMember,
  createCommitteeView,
} from "../../../../keepers/storage/chain/committeeView.ts";
import { committeeOf, mayLieIn } from "../../../../keepers/storage/chain/rendezvous.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { BatchIndex } from "../../../../keepers/storage/disk/batchIndex.ts";
import { type BatchSegment, encodeBatch, layOut } from "../../../../keepers/storage/format/batch.ts";
import { batchDigest, readBatchReceipt } from "../../../../keepers/storage/format/batchReceipts.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { ICommittees__factory } from "../../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { codeOf } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;

describe("storage: receipts for batches", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let members: CommitteeMember[];
  let api: MemberApi;
  let table: { committee: number; version: number };
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(2);
    members = await Promise.all(nodes.map(memberOf));
    const client = await network.openClient(CLIENT);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
    const { version } = await createCommitteeView(client.provider, client.deployment).current();
    table = { committee: 0, version };
  });

  after(() => network.stop());

  const committees = () =>
    ICommittees__factory.connect(network.address("Committees"), network.chain.provider);

  const keyOf = async (member: CommitteeMember) => decodeKey(await committees().keyAt(0, member.number));

  /** A segment whose strips some members have been sent. */
  const store = async (holders = members, some = stripsFor): Promise<BatchSegment> => {
    const segment = await randomSegment(network.codec);
    const commitment = Uint8Array.from(segment.commitment);
    for (const holder of holders)
      await api.putSegment(holder, commitment, encodeUpload(segment, some(holder, commitment)), signal);
    segment.release();
    return { commitment, shape: segment.shape };
  };

  const digestOf = (segments: readonly BatchSegment[]) => {
    const scope = { chainId: network.deployment.chainId, log: network.address("StorageLog") };
    return batchDigest(scope, table, layOut(segments));
  };

  const ask = async (member: CommitteeMember, segments: readonly BatchSegment[]) => {
    const body = await api.postBatch(member, table, encodeBatch(segments), signal);
    const expected = { seat: member.number, key: await keyOf(member), digest: digestOf(segments) };
    return readBatchReceipt(body, expected);
  };

  it("signs what it holds, so that the signatures add up to one of all signers", async () => {
    const segments = [await store(), await store(), await store()];
    const receipts = await Promise.all(members.map((member) => ask(member, segments)));
    const sum = aggregateSignatures(receipts.map(({ signature }) => signature));
    const key = aggregatePublicKeys(await Promise.all(members.map(keyOf)));
    expect(verify(getBytes(digestOf(segments)), key, sum)).to.equal(true);
    const [all] = await committees().signers(0, 0n);
    expect(key.toHex()).to.equal(decodeKey(all).toHex());
    const other = await store();
    expect(verify(getBytes(digestOf([...segments, other])), key, sum)).to.equal(false);
  });

  it("has stored the list before it answers, and signs the same again", async () => {
    const segments = [await store()];
    const first = await ask(members[0]!, segments);
    const lists = new BatchIndex(nodes[0]!.store.under("storage/batches/"));
    expect(await lists.has(nameOf(layOut(segments).root))).to.equal(true);
    const again = await ask(members[0]!, segments);
    expect(again.signature.toHex()).to.equal(first.signature.toHex());
  });

  it("signs for no strip that it lacks, and for no other shape or table", async () => {
    const [member] = members as [CommitteeMember];
    const refusal = async (segments: readonly BatchSegment[], change = {}) =>
      await refusalOf(api.postBatch(member, { ...table, ...change }, encodeBatch(segments), signal));
    const held = await store();
    const partly = await store([member], (who, commitment) => stripsFor(who, commitment).slice(1));
    const unknown = { commitment: randomBytes(32), shape: held.shape };
    expect(await refusal([held])).to.equal("none");
    expect(await refusal([held, partly])).to.equal("409 storage/not-held");
    expect(await refusal([unknown, held])).to.equal("409 storage/not-held");
    const wide = { ...held, shape: { ...held.shape, rowSize: 128 } };
    expect(await refusal([wide])).to.equal("400 storage/wrong-shape");
    expect(await refusal([held], { version: table.version - 1 })).to.equal("409 storage/wrong-version");
    expect(await refusal([held], { version: table.version + 1 })).to.equal("409 storage/wrong-version");
    expect(await refusal([held], { committee: 1 })).to.equal("409 storage/wrong-committee");
  });

  it("refuses garbage, repetition, and what is too long", async () => {
    const [member] = members as [CommitteeMember];
    const held = await store();
    const refusal = (list: Uint8Array, change = {}) =>
      refusalOf(api.postBatch(member, { ...table, ...change }, list, signal));
    expect(await refusal(new Uint8Array(0))).to.equal("400 storage/bad-batch");
    expect(await refusal(randomBytes(43))).to.equal("400 storage/bad-batch");
    expect(await refusal(encodeBatch([held, held]))).to.equal("400 storage/bad-batch");
    expect(await refusal(encodeBatch([held]), { version: -1 })).to.equal("400 storage/bad-batch");
    expect(await refusal(Buffer.alloc(4_097 * 44))).to.match(/^413 /);
    const digest = digestOf([held]);
    const key = await keyOf(member);
    for (const body of ["", "{}", `{"seat":1,"signature":"0x${"00".repeat(256)}"}`])
      expect(codeOf(() => readBatchReceipt(Buffer.from(body), { seat: 1, key, digest }))).to.be.oneOf([
        "storage/bad-receipt",
        "bls/bad-point",
      ]);
    const stolen = await api.postBatch(members[1]!, table, encodeBatch([held]), signal);
    expect(codeOf(() => readBatchReceipt(stolen, { seat: member.number, key, digest }))).to.equal(
      "storage/bad-receipt",
    );
    expect(codeOf(() => readBatchReceipt(stolen, { seat: members[1]!.number, key, digest }))).to.equal(
      "storage/bad-receipt",
    );
  });

  it("signs for so many batches of one asker that are not paid", async () => {
    const asker = createMemberApi({ ...(await network.openClient(21)), timeoutMs: 10_000 });
    const segments: BatchSegment[] = [];
    for (let i = 0; i < 7; i++) segments.push(await store([members[0]!]));
    const subsets = Array.from({ length: 66 }, (_, i) => segments.filter((_, bit) => ((i + 1) >> bit) & 1));
    const refusals: string[] = [];
    for (const subset of subsets)
      refusals.push(await refusalOf(asker.postBatch(members[0]!, table, encodeBatch(subset), signal)));
    expect(refusals.slice(0, 64)).to.deep.equal(Array(64).fill("none"));
    expect(refusals.slice(64)).to.deep.equal(Array(2).fill("429 storage/too-many-batches"));
    expect(await refusalOf(asker.postBatch(members[0]!, table, encodeBatch(subsets[0]!), signal))).to.equal(
      "none",
    );
  });

  it("takes a digest and a committee to be what the contracts do", async () => {
    const log = IStorageLog__factory.connect(network.address("StorageLog"), network.chain.provider);
    const layout = layOut([await store(), await store()]);
    const scope = { chainId: network.deployment.chainId, log: await log.getAddress() };
    const digest = await log.receiptDigest(3, 7, layout.root, 2, layout.units);
    expect(batchDigest(scope, { committee: 3, version: 7 }, layout)).to.equal(digest);
    const seen = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const commitment = randomBytes(32);
      const own = committeeOf(commitment, 5);
      expect(own).to.equal(Number(await committees().committeeOf(commitment, 5)));
      seen.add(own);
      for (const other of [0, 1, 2, 3, 4, 5])
        expect(mayLieIn(commitment, other, 5)).to.equal(
          other === own || (other < 4 && committeeOf(commitment, 4) === other),
        );
    }
    expect(seen.size).to.be.greaterThan(2);
  });
});
