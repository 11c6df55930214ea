import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { BucketSettings } from "../../../../keepers/storage/bucket/settings.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { AuditedNetwork, MEMBERS } from "../audits/auditedNetwork.ts";
import { BucketHome } from "../disk/rowHomes.ts";
import { kill, StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { killWhileItWrites } from "../signedStrips.ts";

const CLIENT = 30;

describe("storage: nodes whose rows lie in a bucket", () => {
  const home = new BucketHome();

  before(function () {
    return home.start(this);
  });

  after(() => home.stop());

  /** A prefix of its own for a node. */
  const bucketOf = (index: number): BucketSettings => ({ ...home.settings, prefix: `node-${index}/` });

  describe("as processes", () => {
    const count = 8;
    let network: StorageNetwork;
    let client: KeeperContext;
    const setups: NodeSetup[] = [];
    const children: ChildProcess[] = [];
    /** The first two have their rows in a bucket. */
    const spawn = (i: number) => network.spawnNode(setups[i]!, i < 2 ? { bucket: bucketOf(i) } : {});

    before(async () => {
      network = await StorageNetwork.start();
      client = await network.openClient(CLIENT);
      for (let index = 1; index <= count; index++) {
        await network.fund(index);
        setups.push(await network.setup(index));
      }
      children.push(...(await Promise.all(setups.map((_, i) => spawn(i)))));
    });

    after(() => network?.stop());

    it("take part in a file that is read back when three others have been killed", async () => {
      const storage = createStorageClient({
        ...client,
        codec: network.codec,
        limits: { hedgeMs: 30_000, graceMs: 30_000 },
      });
      const data = randomBytes(5_000_000);
      const put = await storage.put(data);
      expect(put.state).to.equal("full");
      expect(await readdir(setups[0]!.dataDir)).to.not.include("rows");
      await Promise.all([3, 5, 7].map((i) => kill(children[i]!)));
      const object = await storage.get(put.objectRoot);
      expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
      expect(object.report.blamed).to.deep.equal([]);
      for (const i of [3, 5, 7]) children[i] = await spawn(i);
    });

    it("lose no strip that they have signed for, however often they are killed while they write", async () => {
      children[0] = await killWhileItWrites({
        ...{ network, client, port: setups[0]!.port, child: children[0]!, restart: () => spawn(0) },
        ...{ segments: 12, kills: [1, 4, 9], timeoutMs: 20_000 },
      });
    });
  });

  it("are paid in an audit like all others, and show what they ask of the bucket", async () => {
    const network = await StorageNetwork.start();
    try {
      const audited = new AuditedNetwork(network);
      await network.fund(20);
      const nodes: KeeperContext[] = [];
      for (let index = 1; index <= MEMBERS; index++) {
        await network.fund(index);
        const bucket = index <= 2 ? { bucket: bucketOf(20 + index) } : {};
        const options = { ...bucket, audits: { pollMs: 100, turnMs: 50 } };
        nodes.push(await network.startNode(await network.setup(index), options));
      }
      await audited.nextEpoch();
      await audited.publish(6);
      const seats = await Promise.all(nodes.map((node) => audited.seatOf(node)));
      const epoch = await audited.nextEpoch();
      await audited.untilStanding(epoch, seats, "committed");
      await audited.passWindow(epoch);
      await audited.untilStanding(epoch, seats, "answered");
      await audited.passWindow(epoch);
      await audited.untilStanding(epoch, seats, "paid");
      const { body } = await nodes[0]!.http.request(`${nodes[0]!.publicUrl}/metrics`);
      const text = Buffer.from(body).toString("utf8");
      expect(text).to.match(
        /^mycelia_storage_bucket_requests_total\{[^}]*operation="get",outcome="done"[^}]*\} [1-9]/m,
      );
      expect(text).to.match(
        /^mycelia_storage_bucket_request_seconds_count\{[^}]*operation="put"[^}]*\} [1-9]/m,
      );
    } finally {
      await network.stop();
    }
  });
});
