import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { hexlify } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { LogLedger } from "../../../../keepers/storage/chain/logLedger.ts";
import type { PublishedBatch } from "../../../../keepers/storage/client/clientTypes.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { segmentLeaf } from "../../../../keepers/storage/format/batch.ts";
import {
  type InclusionProof,
  inclusionToJson,
  parseInclusion,
} from "../../../../keepers/storage/format/inclusion.ts";
import { verifyInclusion } from "../../../../keepers/storage/publisher/proofs.ts";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { codeOf, codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";

const CLIENT = 30;

describe("storage: proofs of inclusion", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let storage: StorageClient;
  const batches: PublishedBatch[] = [];

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(6);
    client = await network.openClient(CLIENT);
    await network.fund(CLIENT);
    storage = createStorageClient({ ...client, codec: network.codec });
    for (let i = 0; i < 5; i++) await publish(i === 2 ? 9_000_000 : 100);
  });

  after(() => network.stop());

  const publish = async (bytes: number) =>
    batches.push(...(await storage.publish([await storage.put(randomBytes(bytes))])));

  const onChain = async ({ segment, start, log }: InclusionProof) => {
    const contract = IStorageLog__factory.connect(network.address("StorageLog"), client.provider);
    const path = log.path.map((hash) => hexlify(hash));
    return {
      isEntry: await contract.verify(log.entry, log.id, log.count, log.root, path),
      leaf: await contract.segmentLeaf(segment.commitment, segment.shape, start),
    };
  };

  it("proves every segment of every batch, as the contract and as anybody checks it, against this root and later ones", async () => {
    for (let more = 0; more < 3; more++) {
      const proofs = await storage.prove(batches);
      expect(proofs).to.have.length(batches.reduce((sum, { contents }) => sum + contents.length, 0));
      for (const proof of proofs) {
        await verifyInclusion(client, proof);
        expect(proof.log.count).to.equal(batches.length);
        const { isEntry, leaf } = await onChain(proof);
        expect(isEntry).to.equal(true);
        expect(leaf).to.equal(hexlify(segmentLeaf(proof.segment, proof.start)));
      }
      await publish(100);
    }
    // A proof against an earlier root holds on.
    const [old] = await storage.prove([batches[0]!]);
    await publish(100);
    await verifyInclusion(client, old!);
  });

  it("survives a round through JSON, and takes nothing else", async () => {
    const [proof] = await storage.prove([batches[2]!]);
    const json = JSON.parse(JSON.stringify(inclusionToJson(proof!))) as Record<string, unknown>;
    const read = parseInclusion(json);
    expect(inclusionToJson(read)).to.deep.equal(inclusionToJson(proof!));
    await verifyInclusion(client, read);
    for (const garbage of [
      undefined,
      {},
      { ...json, extra: 1 },
      { ...json, path: Array(65).fill(`0x${"00".repeat(32)}`) },
    ])
      expect(codeOf(() => parseInclusion(garbage))).to.equal("storage/bad-proof");
  });

  it("holds for nothing that was changed", async () => {
    const [first, second] = (await storage.prove([batches[2]!])) as [InclusionProof, InclusionProof];
    const entry = first.log.entry;
    const changed: InclusionProof[] = [
      { ...first, segment: second.segment },
      { ...first, index: second.index },
      { ...first, start: 1n },
      { ...first, path: first.path.slice(1) },
      { ...first, log: { ...first.log, id: 0n } },
      { ...first, log: { ...first.log, entry: { ...entry, owner: network.wallet(1).address } } },
      { ...first, log: { ...first.log, entry: { ...entry, expiry: 0n } } },
      { ...first, log: { ...first.log, count: first.log.count - 1 } },
      { ...first, log: { ...first.log, count: first.log.count + 1 } },
      { ...first, log: { ...first.log, root: hexlify(randomBytes(32)) } },
    ];
    for (const proof of changed)
      expect(await codeOfRejection(verifyInclusion(client, proof))).to.equal("storage/wrong-proof");
    expect(await codeOfRejection(storage.prove([{ ...batches[0]!, id: 1_000n }]))).to.equal(
      "storage/unknown-batch",
    );
    expect(await codeOfRejection(storage.prove([{ ...batches[0]!, id: batches[1]!.id }]))).to.equal(
      "storage/wrong-proof",
    );
  });

  it("keeps what it has read, and reads again what a reorg of five blocks has changed", async () => {
    const store = client.store.under("test-log/");
    const needs = { provider: client.provider, deployment: network.deployment, store };
    const { signal } = new AbortController();
    const snapshot = await network.chain.rpc("evm_snapshot");
    const before = batches.length;
    await publish(100);
    await publish(100);
    await network.chain.rpc("anvil_mine", "0x3");
    const ledger = new LogLedger(needs);
    await ledger.prove([BigInt(before)], signal);
    batches.splice(before);
    await network.chain.rpc("evm_revert", snapshot);
    const other = await network.openClient(31, "other");
    await network.fund(31);
    const elsewhere = createStorageClient({ ...other, codec: network.codec });
    const [batch] = await elsewhere.publish([await elsewhere.put(randomBytes(100))]);
    expect(batch!.id).to.equal(BigInt(before));
    for (const reader of [ledger, new LogLedger(needs)]) {
      const [proof] = await reader.prove([batch!.id], signal);
      expect(proof!.entry.root).to.equal(batch!.root);
    }
  });
});
