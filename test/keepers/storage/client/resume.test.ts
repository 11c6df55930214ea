import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { kill, StorageNetwork, toJson } from "../network.ts";
import { generated, type PutOrder, type PutReport } from "../putProcess.ts";

const MIB = 1024 * 1024;
const CLIENT = 30;

describe("storage: a put that is cut off", () => {
  let network: StorageNetwork;

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(10);
    await network.fund(CLIENT);
  });

  after(() => network.stop());

  const start = (order: PutOrder) => {
    const script = join(import.meta.dirname, "../putProcess.ts");
    return spawn(process.execPath, ["--import=tsx", script, toJson(order)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  };

  /** Bytes done when it is far enough, or its report. */
  async function follow(child: ChildProcess, enough: number): Promise<number | PutReport> {
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line.startsWith("{")) return JSON.parse(line) as PutReport;
      if (Number(line) >= enough) return Number(line);
    }
    throw new Error("the client ended without a word");
  }

  it("goes on where it was: killed twice, it sends each part once and pays once", async () => {
    const order = {
      setup: await network.setup(CLIENT, undefined, "client"),
      seed: "resume",
      bytes: 40 * MIB,
    };
    const log = IStorageLog__factory.connect(network.address("StorageLog"), network.chain.provider);
    for (const enough of [12 * MIB, 24 * MIB]) {
      const child = start(order);
      const done = await follow(child, enough);
      expect(done).to.be.a("number").that.is.at.least(enough);
      await kill(child);
    }
    const last = start(order);
    const report = (await follow(last, Number.POSITIVE_INFINITY)) as PutReport;
    await once(last, "exit");
    // Two coded bytes for each byte that the journal doesn't have, and a head of 64 KiB a segment to each of ten members.
    expect(report.bytesSent).to.be.lessThan(2.25 * (order.bytes - 24 * MIB));
    expect(report.batches).to.have.length(1);
    const again = start(order);
    const repeated = (await follow(again, Number.POSITIVE_INFINITY)) as PutReport;
    await once(again, "exit");
    expect(repeated).to.deep.equal({ ...report, bytesSent: 0 });
    expect(await log.batchCount()).to.equal(1n);
    const reader = await network.openClient(31);
    const object = await createStorageClient({ ...reader, codec: network.codec }).get(
      Buffer.from(report.objectRoot, "hex"),
    );
    expect(Buffer.from(await object.bytes()).equals(Buffer.concat([...generated(order)]))).to.equal(true);
  });
});
