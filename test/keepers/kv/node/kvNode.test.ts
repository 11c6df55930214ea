import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { getBytes } from "ethers";
import { attestState, signAnnouncement } from "../../../../keepers/kv/client/announcing.ts";
import { type Change, createKvClient, streamId } from "../../../../keepers/kv/client.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { startLyingNode } from "../../../flows/lyingNode.ts";
import { eventually } from "../../runtime/temporary.ts";
import { codeOfRejection } from "../../storage/codes.ts";
import { KvNetwork, WINDOW_BLOCKS, type Writer } from "./kvNetwork.ts";

const text = (value: string) => Buffer.from(value);
const put = (key: string, value: string): Change => ({ writes: [{ key: text(key), value: text(value) }] });

describe("kv: a node", () => {
  let network: KvNetwork;
  let node: KeeperContext;
  let ann: Writer;
  let bob: Writer;
  let count = 0;

  before(async () => {
    network = await KvNetwork.start();
    node = await network.startNode(30);
    ann = await network.openWriter(20, [node]);
    bob = await network.openWriter(21, [node]);
  });

  after(() => network.stop());

  const newStream = () => streamId(ann.context.signer.address, count++);
  const value = async (stream: string, key: string, at?: number) => {
    const read = await ann.kv.get(stream, text(key), { ...(at !== undefined && { at }) });
    return read.entry?.value.toString();
  };

  it("answers what was written, at every version", async () => {
    const stream = newStream();
    const [first, second] = await ann.kv.write(stream, [put("a", "1"), put("a", "2")]);
    expect([first!.version, second!.version]).to.deep.equal([1, 2]);
    expect((await ann.kv.settled(stream, 2)).state).to.equal("taken");
    expect(await value(stream, "a")).to.equal("2");
    expect(await value(stream, "a", 1)).to.equal("1");
    expect(await value(stream, "a", 0)).to.equal(undefined);
    const status = await ann.kv.status(stream);
    expect(status).to.include({ version: 2, announced: 2 });
    expect(await codeOfRejection(ann.kv.get(stream, text("a"), { at: 3 }))).to.equal("kv/not-replayed");
  });

  it("pages through keys at one version while others are written", async () => {
    const stream = newStream();
    const keys = Array.from({ length: 25 }, (_, i) => `k${String(i).padStart(2, "0")}`);
    await ann.kv.write(stream, [
      { writes: keys.map((key) => ({ key: text(key), value: text(key) })) },
      { writes: [{ key: text("k03"), value: undefined }] },
    ]);
    await ann.kv.settled(stream, 2);
    const seen: string[] = [];
    for await (const item of ann.kv.items(stream, { prefix: text("k"), limit: 7 })) {
      if (seen.length === 8) {
        await ann.kv.write(stream, [put("k24", "later"), put("k99", "later")]);
        await ann.kv.settled(stream, 4);
      }
      seen.push(item.value.toString());
    }
    expect(seen).to.deep.equal(keys.filter((key) => key !== "k03"));
  });

  it("lets others write who were given the right, and nobody else", async () => {
    const stream = newStream();
    const account = Buffer.from(bob.context.signer.address.slice(2), "hex");
    const [refused] = await bob.kv.write(stream, [put("b", "stranger")]);
    expect((await bob.kv.settled(stream, refused!.version)).refusal?.code).to.equal("kv/no-rights");
    await ann.kv.write(stream, [{ controls: [{ kind: "grantWriter", account }] }]);
    const [taken] = await bob.kv.write(stream, [put("b", "writer")]);
    expect((await bob.kv.settled(stream, taken!.version)).state).to.equal("taken");
    expect(await value(stream, "b")).to.equal("writer");
  });

  it("refuses what was read meanwhile changed", async () => {
    const stream = newStream();
    await ann.kv.write(stream, [put("n", "1"), put("n", "2")]);
    const stale: Change = { ...put("n", "3"), seen: 1n, reads: [text("n")] };
    const fresh: Change = { ...put("n", "4"), seen: 2n, reads: [text("n")] };
    const written = await ann.kv.write(stream, [stale, fresh]);
    expect((await ann.kv.settled(stream, written[0]!.version)).refusal?.code).to.equal("kv/conflict");
    expect((await ann.kv.settled(stream, written[1]!.version)).state).to.equal("taken");
    expect(await value(stream, "n")).to.equal("4");
  });

  it("takes what a relay brings when its writer has signed it, once", async () => {
    const stream = newStream();
    const signed = await ann.kv.sign(stream, [put("r", "relayed")]);
    const [first] = await bob.kv.relay(signed);
    expect((await ann.kv.settled(stream, first!.version)).state).to.equal("taken");
    expect(await value(stream, "r")).to.equal("relayed");
    const carol = await network.openWriter(22, [node]);
    const [again] = await carol.kv.relay(signed);
    expect((await ann.kv.settled(stream, again!.version)).refusal?.code).to.equal("kv/replayed");
  });

  it("records what was not signed by its writer, or was signed for another stream or chain", async () => {
    const stream = newStream();
    const other = newStream();
    await ann.kv.write(stream, [put("x", "mine")]);
    const [good] = await ann.kv.sign(stream, [put("x", "signed")]);
    const { signer, deployment } = ann.context;
    const stored = { nonce: good!.nonce, objectRoot: getBytes(good!.objectRoot) };
    const forged = [
      { ...good!, writer: bob.context.signer.address },
      { ...good!, stream: other },
      { ...(await signAnnouncement(signer, { chainId: 1, deployment }, stream, stored)) },
      { ...good!, signature: "0x" },
    ];
    expect(await bob.kv.relay(forged)).to.deep.equal([undefined, undefined, undefined, undefined]);
    await ann.kv.write(other, [put("x", "other")]);
    await ann.kv.settled(other, 1);
    const known = await ann.kv.forgeries(stream);
    expect(known).to.have.length(3);
    const relay = bob.context.signer.address.toLowerCase();
    for (const one of known) expect(`0x${one.relay.toString("hex")}`).to.equal(relay);
    expect(await ann.kv.forgeries(other)).to.have.length(1);
    expect(await value(stream, "x")).to.equal("mine");
    expect((await ann.kv.status(stream)).announced).to.equal(1);
  });

  it("refuses objects that are no batch, and goes on behind them", async () => {
    const stream = newStream();
    const { provider, deployment, transactions } = ann.context;
    const put5 = await ann.storage.put(randomBytes(5 * 1024 * 1024));
    const garbage = await ann.storage.put(randomBytes(1_000));
    await ann.storage.publish([put5, garbage]);
    const { IStreams__factory } = await import(
      "../../../../typechain-types/factories/kv/interfaces/IStreams__factory.js"
    );
    const streams = IStreams__factory.connect(deployment.contracts.Streams!.address, provider);
    for (const [i, { objectRoot }] of [put5, garbage].entries()) {
      const data = streams.interface.encodeFunctionData("announce", [stream, i, objectRoot]);
      await transactions.send({ key: `test/${stream}/${i}`, to: await streams.getAddress(), data });
    }
    await ann.kv.write(stream, [put("after", "garbage")]);
    for (const version of [1, 2])
      expect((await ann.kv.settled(stream, version)).refusal?.code).to.equal("kv/bad-batch");
    expect((await ann.kv.settled(stream, 3)).state).to.equal("taken");
  });

  it("proves what a key held, or that it held nothing, under a root that was attested, while others are written", async () => {
    const stream = newStream();
    await ann.kv.write(stream, [put("p", "proven")]);
    await ann.kv.settled(stream, 1);
    const trust = { attesters: [bob.context.signer.address] };
    const code = await codeOfRejection(ann.kv.getProven(stream, text("p"), trust));
    expect(code).to.equal("kv/not-attested");
    await network.storage.chain.rpc("anvil_mine", WINDOW_BLOCKS);
    await attested(stream);
    for (const value of ["later", "latest"]) await ann.kv.write(stream, [put("p", value), put("q", value)]);
    await ann.kv.settled(stream, 5);
    const shown = await ann.kv.getProven(stream, text("p"), trust);
    expect(shown).to.include({ version: 1, attester: bob.context.signer.address });
    expect(shown.entry?.value.toString()).to.equal("proven");
    expect((await ann.kv.getProven(stream, text("q"), trust)).entry).to.equal(undefined);
    await network.storage.chain.rpc("anvil_mine", WINDOW_BLOCKS);
    await attested(stream, 5);
    const now = await ann.kv.getProven(stream, text("q"), trust);
    expect(now).to.include({ version: 5 });
    expect(now.entry?.value.toString()).to.equal("latest");
  });

  it("believes no node against an attester", async () => {
    const stream = newStream();
    await ann.kv.write(stream, [put("p", "true")]);
    await ann.kv.settled(stream, 1);
    const { transactions, deployment } = ann.context;
    const lie = { version: 1, root: randomBytes(32) };
    const { signal } = new AbortController();
    await attestState(transactions, { chainId: 31_337, deployment }, stream, lie, signal);
    const trust = { attesters: [ann.context.signer.address] };
    expect(await codeOfRejection(ann.kv.getProven(stream, text("p"), trust))).to.equal("kv/bad-proof");
  });

  it("goes on to the next node when one gives no proof of what it says", async () => {
    const stream = newStream();
    await ann.kv.write(stream, [put("p", "true")]);
    await ann.kv.settled(stream, 1);
    await network.storage.chain.rpc("anvil_mine", WINDOW_BLOCKS);
    await attested(stream);
    const lying = await startLyingNode(node.publicUrl, "a lie");
    const kv = createKvClient({ ...ann.context, nodes: [lying.url, node.publicUrl] });
    expect((await kv.get(stream, text("p"))).entry?.value.toString()).to.equal("a lie");
    const shown = await kv.getProven(stream, text("p"), { attesters: [bob.context.signer.address] });
    expect(shown.entry?.value.toString()).to.equal("true");
    await lying.close();
  });

  it("takes more batches than one transaction announces, in their order", async () => {
    const stream = newStream();
    const changes = Array.from({ length: 501 }, (_, i) => put("n", `${i}`));
    const written = await ann.kv.write(stream, changes);
    expect(written.map(({ version }) => version)).to.deep.equal(changes.map((_, i) => i + 1));
    await ann.kv.settled(stream, 501);
    expect(await value(stream, "n")).to.equal("500");
    expect(await value(stream, "n", 250)).to.equal("249");
  });

  /** Bob attests the newest checkpoint, once the node has seen the end of its window. */
  async function attested(stream: string, version = 1): Promise<void> {
    await eventually(
      `version ${version} is a checkpoint`,
      async () => (await ann.kv.status(stream)).checkpoint?.version === version,
    );
    await bob.kv.attest(stream);
  }
});
