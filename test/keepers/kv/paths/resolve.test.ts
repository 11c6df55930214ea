import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Change, streamId } from "../../../../keepers/kv/client.ts";
import { type Clusters, openClusters } from "../../../../keepers/kv/paths/clusters.ts";
import { parseLogPath } from "../../../../keepers/kv/paths/logPath.ts";
import { publicationOf } from "../../../../keepers/kv/paths/publish.ts";
import type { VersionRecord } from "../../../../keepers/kv/paths/records.ts";
import { resolveKey, resolveLogPath } from "../../../../keepers/kv/paths/resolve.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { IClusters__factory } from "../../../../typechain-types/factories/kv/interfaces/IClusters__factory.js";
import { codeOfRejection } from "../../storage/codes.ts";
import { KvNetwork, WINDOW_BLOCKS, type Writer } from "../node/kvNetwork.ts";

const text = (value: string) => Buffer.from(value);
const put = (key: string, value: string): Change => ({ writes: [{ key: text(key), value: text(value) }] });
const objectOf = (byte: string): VersionRecord => ({
  objectRoot: `0x${byte.repeat(32)}`,
  size: 3,
  kind: "file",
});

describe("kv: what a path leads to", () => {
  let network: KvNetwork;
  let node: KeeperContext;
  let ann: Writer;
  let bob: Writer;
  let clusters: Clusters;
  let stream: string;

  before(async () => {
    network = await KvNetwork.start();
    node = await network.startNode(30);
    ann = await network.openWriter(20, [node]);
    bob = await network.openWriter(21, [node]);
    clusters = openClusters(ann.context);
    stream = streamId(ann.context.signer.address);
    await register("one", ann.context.chainId, ann.context.deployment.contracts.Streams!.address);
  });

  after(() => network.stop());

  async function register(name: string, chainId: number, streams: string): Promise<void> {
    const { deployment, transactions } = ann.context;
    const data = IClusters__factory.createInterface().encodeFunctionData("register", [
      ...([name, chainId, streams, stream] as const),
    ]);
    const to = deployment.contracts.Clusters!.address;
    await transactions.send({ key: `test/register/${name}`, to, data });
  }

  async function write(...changes: Change[]): Promise<string[]> {
    const written = await ann.kv.write(stream, changes);
    const settled = await Promise.all(written.map(({ version }) => ann.kv.settled(stream, version)));
    return settled.map(({ state, refusal }) => refusal?.code ?? state);
  }

  const publication = (path: string, record: VersionRecord) =>
    publicationOf(ann.kv, stream, parseLogPath(path), record);
  const publish = async (path: string, record: VersionRecord) => write(await publication(path, record));
  const resolve = (path: string) => resolveLogPath(ann.kv, clusters, path);
  const rootOf = async (path: string) => (await resolve(path)).record.objectRoot;

  it("is what was published, and latest the last of it", async () => {
    const first = await publication("log://one/a/v1", objectOf("01"));
    expect(await write(first), "of a stream that is new").to.deep.equal(["taken"]);
    expect(await publish("log://one/a/v2", objectOf("02"))).to.deep.equal(["taken"]);
    const { path, record, proven, steps } = await resolve("log://one/a/latest");
    expect([path?.version, record, proven]).to.deep.equal(["v2", objectOf("02"), false]);
    expect(steps.map(({ key }) => key.toString())).to.deep.equal(["a/latest", "a/v2"]);
    expect(await rootOf("log://one/a/v1")).to.equal(objectOf("01").objectRoot);
    expect(await publish("log://one/a/v1", objectOf("01")), "back to v1").to.deep.equal(["taken"]);
    expect((await resolve("log://one/a/latest")).path?.version).to.equal("v1");
  });

  it("is published by one of two at once, and never under a label that is taken", async () => {
    const [mine, yours] = [
      await publication("log://one/b/v1", objectOf("01")),
      await publication("log://one/b/v2", objectOf("02")),
    ];
    expect(await write(mine, yours)).to.deep.equal(["taken", "kv/conflict"]);
    expect(await rootOf("log://one/b/latest")).to.equal(objectOf("01").objectRoot);
    expect(await codeOfRejection(resolve("log://one/b/v2"))).to.equal("kv/no-such-path");
    expect(await codeOfRejection(publication("log://one/b/v1", objectOf("03")))).to.equal("kv/version-taken");
    expect(await codeOfRejection(publication("log://one/b/latest", objectOf("03")))).to.equal("kv/bad-path");
  });

  it("is nothing where there is nothing, or something else", async () => {
    await publish("log://one/c/v1", objectOf("01"));
    await write(put("c/latest", "v1"), put("d/v1", "{}"));
    expect(await codeOfRejection(resolve("log://one/c/v9"))).to.equal("kv/no-such-path");
    expect(await codeOfRejection(resolve("log://one/c/latest"))).to.equal("kv/bad-record");
    expect(await codeOfRejection(resolve("log://one/d/v1"))).to.equal("kv/bad-record");
    expect(await codeOfRejection(resolve("log://one/c/v1/"))).to.equal("kv/wrong-kind");
    expect(await codeOfRejection(resolve("log://two/c/v1"))).to.equal("kv/unknown-cluster");
    expect(await codeOfRejection(resolve("log://One/c/v1"))).to.equal("kv/bad-path");
  });

  it("does not leave this chain, nor this deployment", async () => {
    const { chainId, deployment } = ann.context;
    await register("far", chainId + 1, deployment.contracts.Streams!.address);
    await register("beside", chainId, deployment.contracts.Clusters!.address);
    expect(await codeOfRejection(resolve("log://far/a/v1"))).to.equal("kv/other-chain");
    expect(await codeOfRejection(resolve("log://beside/a/v1"))).to.equal("kv/other-chain");
    expect((await clusters.find("far")).chainId).to.equal(chainId + 1);
  });

  it("is followed over records that lead on, four at most and never in a ring", async () => {
    await publish("log://one/e/v1", objectOf("0e"));
    const lead = (from: string, to: string) => put(from, JSON.stringify({ path: `log://one/${to}` }));
    const hops = ["e/h5", "e/h4", "e/h3", "e/h2", "e/h1", "e/v1"];
    await write(...hops.slice(0, -1).map((from, i) => lead(from, hops[i + 1]!)));
    await write(lead("r/1", "r/2"), lead("r/2", "r/1"), lead("s/1", "s/1"));
    expect(await rootOf("log://one/e/h4")).to.equal(objectOf("0e").objectRoot);
    expect(await codeOfRejection(resolve("log://one/e/h5"))).to.equal("kv/path-loop");
    expect(await codeOfRejection(resolve("log://one/r/1"))).to.equal("kv/path-loop");
    expect(await codeOfRejection(resolve("log://one/s/1"))).to.equal("kv/path-loop");
    await write(put("AI_100", '{"name":"x","path":"log://one/e/h3"}'));
    const { record, steps } = await resolveKey(ann.kv, clusters, { stream, key: text("AI_100") });
    expect(record.objectRoot).to.equal(objectOf("0e").objectRoot);
    expect(steps).to.have.length(5);
  });

  it("is proven, latest too, when somebody trusted has attested it", async () => {
    await publish("log://one/f/v1", objectOf("0f"));
    const trust = { attesters: [bob.context.signer.address] };
    const proven = (path: string) => resolveLogPath(ann.kv, clusters, path, { trust });
    expect(await codeOfRejection(proven("log://one/f/latest"))).to.equal("kv/not-attested");
    await attested();
    const found = await proven("log://one/f/latest");
    expect([found.proven, found.record]).to.deep.equal([true, objectOf("0f")]);
    for (const { attester } of found.steps) expect(attester).to.equal(bob.context.signer.address);
    expect(await codeOfRejection(proven("log://one/f/v2"))).to.equal("kv/no-such-path");
    await publish("log://one/f/v2", objectOf("10"));
    expect((await proven("log://one/f/latest")).record, "as it was attested").to.deep.equal(objectOf("0f"));
    await attested();
    expect((await proven("log://one/f/latest")).record).to.deep.equal(objectOf("10"));
  });

  /** Bob attests all that was written so far, once the node has seen the end of its window. */
  async function attested(): Promise<void> {
    await network.storage.chain.rpc("anvil_mine", WINDOW_BLOCKS);
    for (let isOver = false; !isOver; ) {
      const { version, checkpoint } = await ann.kv.status(stream);
      isOver = checkpoint?.version === version;
      if (!isOver) await sleep(20);
    }
    await bob.kv.attest(stream);
  }
});
