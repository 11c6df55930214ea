import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { drawnPair, nodeSeed } from "../../../../keepers/storage/audits/samples.ts";
import { type AuditWork, Workbook } from "../../../../keepers/storage/audits/workbook.ts";
import { auditStatus } from "../../../../keepers/storage/chain/audits.ts";
import { IBonds__factory } from "../../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { AuditedNetwork, MEMBERS } from "./auditedNetwork.ts";

const OPTIONS = { audits: { pollMs: 100, turnMs: 50 } };

describe("storage: nodes in audits", () => {
  let network: StorageNetwork;
  let audited: AuditedNetwork;
  let nodes: KeeperContext[];
  /** Seats of the nodes that hold all their rows and run. */
  let honest: number[];
  let damaged: KeeperContext;
  let damagedSeat: number;
  let deadSeat: number;
  let deadOperator: string;

  before(async () => {
    network = await StorageNetwork.start();
    audited = new AuditedNetwork(network);
    await network.fund(20);
    const setups: NodeSetup[] = [];
    nodes = [];
    for (let index = 1; index <= MEMBERS; index++) {
      await network.fund(index);
      setups.push(await network.setup(index));
      nodes.push(await network.startNode(setups.at(-1)!, OPTIONS));
    }
    await audited.nextEpoch();
    await audited.publish(24);
    const seats = await Promise.all(nodes.map((node) => audited.seatOf(node)));
    const [dead, broken] = nodes as [KeeperContext, KeeperContext];
    [deadSeat, damagedSeat] = seats as [number, number];
    deadOperator = dead.transactions.address;
    honest = seats.slice(2);
    await dead.closers.closeAll();
    await broken.closers.closeAll();
    await wipeHalf(join(setups[1]!.dataDir, "rows"));
    damaged = await network.startNode(setups[1]!, OPTIONS);
  });

  after(() => network.stop());

  /** Runs the audit of the next epoch to its end. */
  async function audit(): Promise<bigint> {
    const epoch = await audited.nextEpoch();
    await audited.untilStanding(epoch, honest, "committed");
    // The damaged one has waited for repair in vain.
    const { deadline } = await audited.contracts.audits.auditOf(epoch);
    await audited.pass(Number(deadline) - (await audited.now()) - 60);
    await audited.untilStanding(epoch, [damagedSeat], "committed");
    await audited.passWindow(epoch);
    await audited.untilStanding(epoch, honest, "answered");
    await audited.passWindow(epoch);
    await audited.untilStanding(epoch, [...honest, damagedSeat, deadSeat], "paid", "missed");
    await audited.passSettlement(epoch);
    await audited.untilStage(epoch, "closed");
    return epoch;
  }

  async function workOf(epoch: bigint): Promise<{ work: AuditWork; drawn: readonly number[] }> {
    const { seedA, seedB } = await audited.contracts.audits.auditOf(epoch);
    const operator = damaged.transactions.address;
    const seed = nodeSeed(seedA, { committee: 0, seat: damagedSeat, operator });
    const work = await new Workbook(damaged.store.under("storage/audits/")).get(epoch, seed);
    const even = drawnPair(seed, seedB);
    return { work: work!, drawn: [even, even + 1] };
  }

  it("pays who proves its rows, and blames who lacks a drawn one or is gone", async () => {
    const epoch = await audit();
    for (const seat of honest) expect(await audited.standing(epoch, seat)).to.equal("paid");
    expect(await audited.standing(epoch, deadSeat)).to.equal("missed");
    const { work, drawn } = await workOf(epoch);
    expect(work.missing.length).to.be.within(350, 674);
    const lacks = drawn.some((number) => work.missing.includes(number));
    expect(await audited.standing(epoch, damagedSeat)).to.equal(lacks ? "missed" : "paid");
    const status = await auditStatus(
      network.chain.provider,
      network.deployment,
      nodes[2]!.transactions.address,
    );
    expect(status).to.include({ epoch, stage: "closed", standing: "paid", liableSlots: 32, misses: 0n });
    expect(status.rewards).to.have.length(1);
    expect(status.rewards[0]!.amount > 0n).to.equal(true);
  });

  it("slashes and removes who is gone for good, and goes on without it", async () => {
    const bonds = IBonds__factory.connect(network.address("Bonds"), network.chain.provider);
    const slasher = network.address("StorageAudits");
    const bond = await bonds.allocated(deadOperator, slasher);
    await audit();
    expect(await bonds.allocated(deadOperator, slasher)).to.equal(bond);
    const epoch = await audit();
    expect((await bonds.allocated(deadOperator, slasher)) < bond).to.equal(true);
    expect((await audited.contracts.audits.missesOf(deadOperator)).misses).to.equal(3n);
    expect((await audited.contracts.committees.seatOf(deadOperator)).seat).to.equal(0n);
    for (const seat of honest) expect(await audited.standing(epoch, seat)).to.equal("paid");
  });

  it("shows what it did", async () => {
    const { body } = await nodes[2]!.http.request(`${nodes[2]!.publicUrl}/metrics`);
    const text = Buffer.from(body).toString("utf8");
    const value = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
    expect(value("mycelia_storage_audit_committed_total")).to.equal(3);
    expect(value("mycelia_storage_audit_answered_total")).to.equal(3);
    expect(value("mycelia_storage_audit_missed_total")).to.equal(0);
    expect(value("mycelia_storage_audit_rewards_wei_total")).to.be.greaterThan(0);
    expect(value("mycelia_storage_audit_rows_read_total")).to.equal(3 * 1_024);
  });
});

/** Overwrites the second half of every row file, as a failing disk might. */
async function wipeHalf(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const { size } = await stat(path);
    const file = await open(path, "r+");
    const half = Math.floor(size / 2);
    await file.write(Buffer.alloc(size - half), 0, size - half, half);
    await file.close();
  }
}
