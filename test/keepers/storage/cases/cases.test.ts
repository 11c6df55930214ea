import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { hexlify, MaxUint256 } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { CaseReader, type CaseView, isOpen } from "../../../../keepers/storage/cases/caseReader.ts";
import { BatchIndex } from "../../../../keepers/storage/disk/batchIndex.ts";
import type { StorageNodeOptions } from "../../../../keepers/storage/node.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { AuditedNetwork, MEMBERS } from "../audits/auditedNetwork.ts";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";

const TIMING = { pollMs: 100, turnMs: 50 };
const OPTIONS: Partial<StorageNodeOptions> = { audits: TIMING, cases: TIMING, repair: { pollMs: 100 } };
const ALL_SHOWN = 0xffff_ffff;

describe("storage: cases", () => {
  let network: StorageNetwork;
  let audited: AuditedNetwork;
  let setups: NodeSetup[];
  let nodes: KeeperContext[];
  let reader: CaseReader;

  beforeEach(async () => {
    network = await StorageNetwork.start();
    audited = new AuditedNetwork(network);
    reader = new CaseReader(network.chain.provider, network.deployment);
    await network.fund(20);
    setups = [];
    nodes = [];
    for (let index = 1; index <= MEMBERS; index++) {
      await network.fund(index);
      setups.push(await network.setup(index));
      nodes.push(await network.startNode(setups.at(-1)!, OPTIONS));
    }
    await audited.nextEpoch();
    await audited.publish(1);
  });
  afterEach(() => network.stop());

  const cases = async (): Promise<CaseView[]> => {
    const count = Number(await reader.count());
    return await Promise.all(Array.from({ length: count }, (_, i) => reader.view(BigInt(i + 1))));
  };
  const untilDecided = (count: number) =>
    audited.until(async () => {
      const all = await cases();
      return all.length === count && all.every((view) => !isOpen(view));
    });
  const missesOf = async ({ transactions }: KeeperContext) =>
    (await audited.contracts.audits.missesOf(transactions.address)).misses;

  /** The node of account `index` stops; what it keeps is left or thrown away. */
  const restartEmpty = async (index: number): Promise<void> => {
    await nodes[index]!.closers.closeAll();
    for (const place of ["rows", "store"])
      await rm(join(setups[index]!.dataDir, place), { recursive: true, force: true });
    nodes[index] = await network.startNode(setups[index]!, OPTIONS);
  };

  it("that are wrong cost the deposit: every owner shows its rows, and nobody is blamed", async () => {
    const [liar, ...others] = nodes as [KeeperContext, ...KeeperContext[]];
    const epoch = await audited.nextEpoch();
    await liar.closers.closeAll();
    await audited.untilStage(epoch, "committing");
    const wallet = network.wallet(1);
    const to = await reader.contract.getAddress();
    const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), wallet);
    await (await token.approve(to, MaxUint256)).wait();
    await (
      await reader.contract.connect(wallet).file(await filingOf(epoch, await audited.seatOf(liar)))
    ).wait();
    await untilDecided(1);
    const [view] = (await cases()) as [CaseView];
    expect(view).to.include({ verdict: "recoverable", epoch });
    expect(view.shown >>> 0).to.equal(ALL_SHOWN);
    for (const node of others) expect(await missesOf(node)).to.equal(0n);
    const deposit = (await reader.contract.caseOf(1n)).deposit;
    const owners = others.map(({ transactions }) => transactions.address);
    await audited.until(async () => {
      const owed = await Promise.all(
        [...owners, wallet.address].map((account) => reader.contract.owed(account)),
      );
      return owed.reduce((sum, each) => sum + each) === deposit && owed.at(-1)! < deposit / 32n;
    });
  });

  it("that are right give the deposit back and void the samples: who can't help it is neither blamed nor slashed", async () => {
    const emptied = [...nodes.keys()].slice(1);
    for (const index of emptied) await restartEmpty(index);
    for (const index of emptied)
      await audited.until(async () =>
        /repair_lost_segments\{[^}]*\} 1$/m.test(await nodes[index]!.metrics.metrics()),
      );
    const [keeper] = nodes as [KeeperContext];
    const balances = new Map<string, bigint>();
    const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), network.chain.provider);
    for (const { transactions } of nodes)
      balances.set(transactions.address, await token.balanceOf(transactions.address));
    const epoch = await audited.nextEpoch();
    await audited.untilStage(epoch, "committing");
    const { deadline } = await audited.contracts.audits.auditOf(epoch);
    await audited.pass(Number(deadline) - (await audited.now()) - 120);
    await audited.untilStage(epoch, "committing");
    const seats = await Promise.all(nodes.map((node) => audited.seatOf(node)));
    await audited.untilStanding(epoch, seats, "committed");
    await audited.until(async () => (await cases()).every(({ verdict }) => verdict !== "pending"));
    const keeperSeat = await audited.seatOf(keeper);
    await audited.until(async () => (await cases()).every((view) => isAnswered(view, keeperSeat)));
    await audited.passWindow(epoch);
    await audited.untilStanding(epoch, seats, "answered", "paid");
    await audited.pass(300);
    await untilDecided(emptied.length);
    for (const { verdict } of await cases()) expect(verdict).to.equal("unrecoverable");
    for (const node of nodes) expect(await missesOf(node)).to.equal(0n);
    await audited.until(async () => {
      const held = await Promise.all([...balances.keys()].map((account) => token.balanceOf(account)));
      return held.every((amount, i) => amount >= [...balances.values()][i]!);
    });
  });

  /** Whether a seat has shown all rows that a case asks of it. */
  function isAnswered({ seats, shown }: CaseView, seat: number): boolean {
    return seats.every((asked, i) => asked !== seat || ((shown >>> i) & 1) === 1);
  }

  /** What a member says of the one segment of the one batch. */
  async function filingOf(epoch: bigint, seat: number) {
    const root = (await audited.contracts.log.batchAt(0n)).root;
    const lists = new BatchIndex(nodes[1]!.store.under("storage/batches/"));
    const layout = (await lists.layout(root.slice(2)))!;
    const [{ commitment, shape, start }] = layout.segments as [(typeof layout.segments)[number]];
    return {
      ...{ epoch, seat, batch: 0n, segment: 0, start, commitment: hexlify(commitment) },
      logK: Math.log2(shape.k),
      logRows: Math.log2(shape.k + shape.n),
      rowUnits: shape.rowSize / 64,
      path: layout.prove(0).map((hash) => hexlify(hash)),
    };
  }
});
