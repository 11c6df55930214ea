import type { ChildProcess } from "node:child_process";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { eventually } from "../../runtime/temporary.ts";
import { kill, StorageNetwork } from "../network.ts";
import { IMPATIENT, metricOf, untilProbed, WatchedNetwork } from "./watchedNetwork.ts";

const OUTSIDER = 20;
/** With one more, the smallest committee in which the slots of who leaves go to others. */
const WATCHERS = 8;
const LAST = WATCHERS + 1;
const ALL_SLOTS = 2n ** 256n - 1n;

describe("storage: the presence of members", () => {
  let network: StorageNetwork;
  let watched: WatchedNetwork;
  let nodes: KeeperContext[];
  let child: ChildProcess;
  let last: string;

  before(async () => {
    network = await StorageNetwork.start();
    watched = new WatchedNetwork(network);
    await network.fund(OUTSIDER);
    nodes = await network.startNodes(WATCHERS, { presence: { ...IMPATIENT, collectFrom: 1n } });
    await network.fund(LAST);
    child = await network.spawnNode(await network.setup(LAST), { presence: IMPATIENT });
    last = network.wallet(LAST).address;
  });

  after(async () => {
    child.kill("SIGCONT");
    await network.stop();
  });

  it("answers when it is challenged, keeps its seat and earns the deposit", async () => {
    const [node] = nodes as [KeeperContext];
    const operator = node.transactions.address;
    const [seat, balance] = await Promise.all([watched.seatOf(operator), watched.balanceOf(operator)]);
    const deposit = await watched.challenge(OUTSIDER, operator);
    await eventually(
      "the deposit is collected",
      async () => (await watched.balanceOf(operator)) === balance + deposit,
    );
    expect(await watched.seatOf(operator)).to.equal(seat);
    expect(await watched.isChallenged(operator)).to.equal(false);
    expect(await metricOf(node.http, node.publicUrl, "answered_total")).to.equal(1);
  });

  it("challenges nobody who answers", async () => {
    await Promise.all(nodes.map(({ http, publicUrl }) => untilProbed(http, publicUrl, "answered", 80)));
    expect(await watched.challenges()).to.equal(1);
  });

  it("challenges who accepts and never answers, and leaves it its seat when it wakes in time", async () => {
    const seat = await watched.seatOf(last);
    child.kill("SIGSTOP");
    await watched.untilChallenged(last);
    expect(addresses()).to.include((await watched.challengersOf(last))[0]);
    child.kill("SIGCONT");
    await eventually("it has answered", async () => !(await watched.isChallenged(last)));
    await eventually("nobody is silent", async () => {
      const asked = nodes.map(({ http, publicUrl }) => metricOf(http, publicUrl, "silent_members"));
      return (await Promise.all(asked)).every((silent) => silent === 0);
    });
    expect(await watched.seatOf(last)).to.equal(seat);
    expect(await watched.absence.owed(last)).to.be.greaterThan(0n);
  });

  it("finds out who was killed and expels it; its slots go to others, the deposit to who challenged", async () => {
    expect(await watched.isChallenged(last)).to.equal(false);
    await kill(child);
    await watched.untilChallenged(last);
    const { challenger, deposit } = await watched.absence.challengeOf(last);
    expect(addresses()).to.include(challenger);
    const balance = await watched.balanceOf(challenger);
    await watched.passDeadline(last);
    await watched.untilExpelled(last);
    const { operators, owned } = await watched.table();
    expect(operators).to.have.members(addresses());
    expect(owned).to.equal(ALL_SLOTS);
    await eventually(
      "the challenger has its deposit back",
      async () => (await watched.balanceOf(challenger)) === balance + deposit,
    );
  });

  function addresses(): string[] {
    return nodes.map(({ transactions }) => transactions.address);
  }
});
