import type { ChildProcess } from "node:child_process";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { eventually } from "../../runtime/temporary.ts";
import { kill, StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { IMPATIENT, metricOf, untilProbed, WatchedNetwork } from "./watchedNetwork.ts";

/** Members that neither watch nor answer on chain; with fewer, one silent would be more than a third. */
const QUIET = 3;
const WATCHER = QUIET + 1;
/** Probes of one member that take twice as long as an impatient node waits. */
const LONG = 30;

describe("storage: a member that watches alone", () => {
  let network: StorageNetwork;
  let watched: WatchedNetwork;
  let quiet: KeeperContext[];
  let setup: NodeSetup;
  let url: string;
  let watcher: ChildProcess;

  before(async () => {
    network = await StorageNetwork.start();
    watched = new WatchedNetwork(network);
    quiet = await network.startNodes(QUIET);
    await network.fund(WATCHER);
    setup = await network.setup(WATCHER);
    url = `http://127.0.0.1:${setup.port}`;
    watcher = await network.spawnNode(setup, { presence: IMPATIENT });
  });

  after(() => network.stop());

  it("goes on after a crash between challenge and expulsion, and challenges once", async () => {
    const dead = quiet.shift()!;
    const operator = dead.transactions.address;
    const [{ http }] = quiet as [KeeperContext];
    await dead.closers.closeAll();
    await watched.untilChallenged(operator);
    await kill(watcher);
    watcher = await network.spawnNode(setup, { presence: IMPATIENT });
    await untilProbed(http, url, "silent", LONG);
    expect(await watched.challenges()).to.equal(1);
    await watched.passDeadline(operator);
    await watched.untilExpelled(operator);
    expect(await watched.challenges()).to.equal(1);
    expect(await watched.challengersOf(operator)).to.deep.equal([network.wallet(WATCHER).address]);
    expect(await watched.absence.owed(network.wallet(WATCHER).address)).to.be.greaterThan(0n);
  });

  it("holds back while so many are silent that it may be cut off itself", async () => {
    const client = await network.openClient(20);
    for (const node of quiet) await node.closers.closeAll();
    await eventually(
      "both are silent",
      async () => (await metricOf(client.http, url, "silent_members")) === 2,
    );
    await untilProbed(client.http, url, "silent", 2 * LONG);
    expect(await metricOf(client.http, url, "cut_off")).to.equal(1);
    expect(await watched.challenges()).to.equal(1);
  });
});
