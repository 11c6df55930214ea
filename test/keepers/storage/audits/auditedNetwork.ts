import { aggregateSignatures } from "@chainsafe/blst";
import { hexlify, MaxUint256 } from "ethers";
import { decodeKey, encodeSignature } from "../../../../keepers/runtime/bls/points.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import {
  type AuditStage,
  type AuditStanding,
  auditContracts,
  STAGES,
  STANDINGS,
} from "../../../../keepers/storage/chain/audits.ts";
import {
  type CommitteeMember,
  createCommitteeView,
} from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { type BatchSegment, encodeBatch, layOut } from "../../../../keepers/storage/format/batch.ts";
import { batchDigest, readBatchReceipt } from "../../../../keepers/storage/format/batchReceipts.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import type { StorageNetwork } from "../network.ts";
import { randomSegment, stripsFor } from "../segments.ts";

export const EPOCH = 3_600;
/** Members that it takes to certify a batch. */
export const MEMBERS = 6;
const PUBLISHER = 20;
const { signal } = new AbortController();

/** A network whose batches are certified, and whose time the test lets pass. */
export class AuditedNetwork {
  readonly network: StorageNetwork;
  readonly contracts: ReturnType<typeof auditContracts>;

  constructor(network: StorageNetwork) {
    this.network = network;
    this.contracts = auditContracts(network.chain.provider, network.deployment);
  }

  async members(): Promise<readonly CommitteeMember[]> {
    const { provider } = this.network.chain;
    return (await createCommitteeView(provider, this.network.deployment).current()).members;
  }

  async seatOf(node: Pick<KeeperContext, "transactions">): Promise<number> {
    const { seat } = await this.contracts.committees.seatOf(node.transactions.address);
    return Number(seat);
  }

  /** Stores random segments on every member, and appends them with a certificate of all. */
  async publish(count: number): Promise<void> {
    const client = await this.network.openClient(PUBLISHER);
    const api = createMemberApi({ ...client, timeoutMs: 10_000 });
    const members = await this.members();
    const segments: BatchSegment[] = [];
    for (let i = 0; i < count; i++) {
      const segment = await randomSegment(this.network.codec);
      for (const member of members) {
        const strips = stripsFor(member, segment.commitment);
        await api.putSegment(member, segment.commitment, encodeUpload(segment, strips), signal);
      }
      segments.push({ commitment: Uint8Array.from(segment.commitment), shape: segment.shape });
      segment.release();
    }
    const layout = layOut(segments);
    const version = Number(await this.contracts.committees.versionOf(0));
    const table = { committee: 0, version };
    const scope = { chainId: client.chainId, log: this.network.address("StorageLog") };
    const digest = batchDigest(scope, table, layout);
    const receipts = await Promise.all(
      members.map(async (member) => {
        const key = decodeKey(await this.contracts.committees.keyAt(0, member.number));
        const body = await api.postBatch(member, table, encodeBatch(segments), signal);
        return readBatchReceipt(body, { seat: member.number, key, digest });
      }),
    );
    const signature = encodeSignature(aggregateSignatures(receipts.map((receipt) => receipt.signature)));
    const { root, units } = layout;
    const order = { root: hexlify(root), committee: 0, segments: count, units, months: 1 };
    const wallet = this.network.wallet(PUBLISHER);
    const token = MyceliaToken__factory.connect(this.network.address("MyceliaToken"), wallet);
    await (await token.approve(scope.log, MaxUint256)).wait();
    const certificate = { version, missing: 0n, signature };
    const log = this.contracts.log.connect(wallet);
    await (await log.appendCertified(order, certificate, MaxUint256)).wait();
  }

  async now(): Promise<number> {
    return (await this.network.chain.provider.getBlock("latest"))!.timestamp;
  }

  async epoch(): Promise<bigint> {
    return BigInt(Math.floor((await this.now()) / EPOCH));
  }

  async pass(seconds: number): Promise<void> {
    await this.network.chain.rpc("evm_increaseTime", seconds);
    await this.mine(1);
  }

  async mine(blocks: number): Promise<void> {
    await this.network.chain.rpc("anvil_mine", `0x${blocks.toString(16)}`);
  }

  /** Goes to the beginning of the next epoch. */
  async nextEpoch(): Promise<bigint> {
    await this.pass(EPOCH - ((await this.now()) % EPOCH) + 1);
    return await this.epoch();
  }

  async stage(epoch: bigint): Promise<AuditStage> {
    return STAGES[Number((await this.contracts.audits.auditOf(epoch)).stage)]!;
  }

  async standing(epoch: bigint, seat: number): Promise<AuditStanding> {
    return STANDINGS[Number(await this.contracts.audits.standingOf(epoch, 0, seat))]!;
  }

  /** Waits for nodes, while blocks go on. Mocha's own limit ends what never comes true. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      await this.mine(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  untilStage(epoch: bigint, stage: AuditStage): Promise<void> {
    return this.until(async () => (await this.stage(epoch)) === stage);
  }

  /** Waits until each of the seats stands like this. */
  untilStanding(epoch: bigint, seats: readonly number[], ...wanted: AuditStanding[]): Promise<void> {
    return this.until(async () => {
      const standings = await Promise.all(seats.map((seat) => this.standing(epoch, seat)));
      return standings.every((standing) => wanted.includes(standing));
    });
  }

  /** Past the last second of the running window. */
  async passWindow(epoch: bigint): Promise<void> {
    const { deadline } = await this.contracts.audits.auditOf(epoch);
    await this.pass(Math.max(0, Number(deadline) - (await this.now())) + 1);
  }

  async passSettlement(epoch: bigint): Promise<void> {
    const { settleUntil } = await this.contracts.audits.auditOf(epoch);
    await this.pass(Math.max(0, Number(settleUntil) - (await this.now())) + 1);
  }
}
