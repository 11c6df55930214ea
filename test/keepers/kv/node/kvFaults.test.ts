import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { announce } from "../../../../keepers/kv/client/announcing.ts";
import { type Change, createKvClient, streamId } from "../../../../keepers/kv/client.ts";
import { SEEN_ALL } from "../../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { nameOfItem } from "../../../../keepers/storage/format/pack.ts";
import { eventually } from "../../runtime/temporary.ts";
import { toJson } from "../../storage/network.ts";
import type { NodeSetup } from "../../storage/nodeContext.ts";
import { KvNetwork, type Writer } from "./kvNetwork.ts";
import type { KvNodeProcessOptions } from "./kvNodeProcess.ts";

const text = (value: string) => Buffer.from(value);
const put = (key: string, value: string): Change => ({ writes: [{ key: text(key), value: text(value) }] });
const NODE = 30;
const FIRST_DOOMED = 31;
/** Around commits: of announcements, of runs of batches, of the mark that none is left. */
const POINTS = [1, 2, 4].flatMap((nth) => [`commit before ${nth}`, `commit after ${nth}`]);

describe("kv: a node while things go wrong", () => {
  let network: KvNetwork;
  let node: KeeperContext;
  let ann: Writer;
  let count = 0;

  before(async () => {
    network = await KvNetwork.start();
    node = await network.startNode(NODE);
    ann = await network.openWriter(20, [node]);
  });

  after(() => network.stop());

  const newStream = () => streamId(ann.context.signer.address, count++);
  const { signal } = new AbortController();

  it("lets one stream stand still whose bytes are missing, says so, and goes on once they are there", async () => {
    const [stuck, other] = [newStream(), newStream()];
    await ann.kv.write(stuck, [put("a", "1")]);
    const late = encodeStreamBatch({
      ...{ seen: SEEN_ALL, reads: [], controls: [] },
      writes: [{ key: text("a"), value: randomBytes(100) }],
    });
    const objectRoot = nameOfItem({ kind: "object", bytes: late });
    const { transactions } = ann.context;
    const nonce = BigInt(Date.now()) * 1000n;
    await announce(transactions, ann.context, stuck, [{ nonce, objectRoot }], signal);
    const [behind] = await ann.kv.write(stuck, [put("a", "3")]);
    await ann.kv.write(other, [put("b", "1"), put("b", "2")]);
    expect((await ann.kv.settled(other, 2)).state).to.equal("taken");
    const status = await stalled(stuck);
    expect(status).to.include({ version: 1, announced: 3 });
    expect(status.stall).to.include({ version: 2, code: "storage/not-found" });
    expect(status.stall!.objectRoot.equals(objectRoot)).to.equal(true);
    expect((await ann.kv.batch(stuck, 2)).state).to.equal("missing");
    expect((await ann.kv.batch(stuck, 3)).state).to.equal("waiting");
    await ann.storage.put(late);
    expect((await ann.kv.settled(stuck, behind!.version)).state).to.equal("taken");
    expect((await ann.kv.status(stuck)).stall).to.equal(undefined);
  });

  it("rolls its streams back and forward when five blocks are replaced", async () => {
    const [stream, born] = [newStream(), newStream()];
    await ann.kv.write(stream, [put("a", "stays"), put("b", "stays")]);
    await ann.kv.settled(stream, 2);
    const { root } = await ann.kv.status(stream);
    const { chain } = network.storage;
    const snapshot = await chain.rpc("evm_snapshot");
    await ann.kv.write(stream, [put("a", "goes")]);
    await ann.kv.write(stream, [put("c", "goes")]);
    await ann.kv.write(born, [put("a", "goes")]);
    await ann.kv.settled(stream, 4);
    await ann.kv.settled(born, 1);
    const after = await ann.kv.status(stream);
    await chain.rpc("evm_revert", snapshot);
    await chain.rpc("anvil_mine", "0x10");
    await eventually("the stream is back", async () => (await ann.kv.status(stream)).version === 2);
    expect((await ann.kv.status(stream)).root.equals(root)).to.equal(true);
    expect((await ann.kv.get(stream, text("a"))).entry?.value.toString()).to.equal("stays");
    expect((await ann.kv.get(born, text("a"))).entry).to.equal(undefined);
    const bob = await network.openWriter(21, [node]);
    const account = Buffer.from(bob.context.signer.address.slice(2), "hex");
    await ann.kv.write(stream, [{ controls: [{ kind: "grantWriter", account }] }]);
    await bob.kv.write(stream, [put("c", "comes")]);
    expect((await ann.kv.settled(stream, 4)).state).to.equal("taken");
    const last = await ann.kv.status(stream);
    expect(last.root.equals(after.root)).to.equal(false);
    await sameOn(await network.startNode(NODE, { place: "fresh" }), stream, last);
  });

  it("refuses what is no request, with a code, and serves on", async () => {
    const stream = newStream();
    await ann.kv.write(stream, [put("a", "1")]);
    await ann.kv.settled(stream, 1);
    const ask = async (path: string) => {
      const answer = await fetch(`${node.publicUrl}/streams/${path}`);
      const { code } = (await answer.json().catch(() => ({}))) as { code?: string };
      return `${answer.status} ${code}`;
    };
    const max = "18446744073709551615";
    for (const bad of [
      `${stream.slice(0, -2)}`,
      `${stream}/value`,
      `${stream}/value?key=a`,
      `${stream}/value?key=0x6`,
      `${stream}/value?key=0x61&at=-1`,
      `${stream}/value?key=0x61&at=1.5`,
      `${stream}/value?key=0x61&at=${max}`,
      `${stream}/value?key=0x61&proof=yes`,
      `${stream}/value?key=0x61&key=0x62`,
      `${stream}/value?key=0x61&other=1`,
      `${stream}/value?key=0x${"61".repeat(1_025)}`,
      `${stream}/page?limit=0`,
      `${stream}/page?limit=1001`,
      `${stream}/batches/${max}`,
    ])
      expect(await ask(bad), bad).to.equal("400 kv/bad-request");
    expect(await ask(newStream())).to.equal("404 kv/unknown-stream");
    expect(await ask(`${stream}/batches/0`)).to.equal("404 kv/not-found");
    expect(await ask(`${stream}/batches/2`)).to.equal("404 kv/not-found");
    expect(await ask(`${stream}/value?key=0x61&at=2`)).to.equal("503 kv/not-replayed");
    const huge = await ask(`${stream}/value?key=0x${"61".repeat(16 * 1024 * 1024)}`).catch(() => "cut off");
    expect(huge).to.match(/^(431|414|cut off)/);
    expect((await ann.kv.get(stream, text("a"))).entry?.value.toString()).to.equal("1");
  });

  for (const [i, point] of POINTS.entries())
    it(`comes to the same state when it is killed: ${point}`, async () => {
      const [one, two] = [newStream(), newStream()];
      await ann.kv.write(
        one,
        ["1", "2", "3"].map((value) => put("k", value)),
      );
      await ann.kv.write(two, [put("x", "1"), { writes: [{ key: text("x"), value: undefined }] }]);
      await ann.kv.write(
        one,
        ["4", "5"].map((value) => put(`k${value}`, value)),
      );
      const setup = await network.storage.setup(FIRST_DOOMED, undefined, `doomed-${i}`);
      const options = { node: { batchesAtOnce: 2 }, death: point };
      expect(await ended(setup, options)).to.equal("SIGKILL");
      for (const [stream, version] of [
        [one, 5],
        [two, 2],
      ] as const)
        await ann.kv.settled(stream, version);
      const again = await network.startNode(FIRST_DOOMED, { place: `doomed-${i}`, batchesAtOnce: 2 });
      for (const stream of [one, two]) await sameOn(again, stream, await ann.kv.status(stream));
    });

  /** A node comes to the same root at the same version. */
  async function sameOn(
    other: KeeperContext,
    stream: string,
    { version, root }: { readonly version: number; readonly root: Buffer },
  ): Promise<void> {
    const kv = createKvClient({ ...ann.context, nodes: [other.publicUrl] });
    await kv.settled(stream, version);
    const status = await kv.status(stream);
    expect(status.version).to.equal(version);
    expect(status.root.equals(root)).to.equal(true);
  }

  async function stalled(stream: string) {
    await eventually(
      "the stream stands still",
      async () => (await ann.kv.status(stream)).stall !== undefined,
    );
    return await ann.kv.status(stream);
  }
});

/** Runs a node that kills itself. @returns the signal that ended it */
async function ended(setup: NodeSetup, options: KvNodeProcessOptions): Promise<string> {
  const script = join(import.meta.dirname, "kvNodeProcess.ts");
  const words = ["--import=tsx", script, toJson({ ...setup, options })];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  const [, signal] = (await once(child, "exit")) as [number | null, string];
  return signal;
}
