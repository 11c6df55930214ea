import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import {
  type CommitteeMember,
  createCommitteeView,
} from "../../../../keepers/storage/chain/committeeView.ts";
import { createPeerApi, type PeerApi } from "../../../../keepers/storage/client/peerApi.ts";

import type { BatchSegment } from "../../../../keepers/storage/format/batch.ts";
import { stripsOfSlots } from "../../../../keepers/storage/format/placement.ts";
import type { RepairOptions } from "../../../../keepers/storage/repair/start.ts";
import { eventually } from "../../runtime/temporary.ts";
import { kill, type StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";

export const QUICK: RepairOptions = { pollMs: 250 };

/** Members as processes that repair themselves, and a client that looks at what they hold. */
export class RepairedNetwork {
  readonly #network: StorageNetwork;
  readonly #client: KeeperContext;
  readonly #peers: PeerApi;
  readonly #setups: NodeSetup[] = [];
  readonly #children: ChildProcess[] = [];

  private constructor(network: StorageNetwork, client: KeeperContext) {
    this.#network = network;
    this.#client = client;
    this.#peers = createPeerApi({ ...client, timeoutMs: 10_000 });
  }

  static async start(
    network: StorageNetwork,
    client: KeeperContext,
    count: number,
  ): Promise<RepairedNetwork> {
    const repaired = new RepairedNetwork(network, client);
    for (let index = 1; index <= count; index++) {
      await network.fund(index);
      repaired.#setups.push(await network.setup(index));
    }
    const all = repaired.#setups.map((setup) => network.spawnNode(setup, { repair: QUICK }));
    repaired.#children.push(...(await Promise.all(all)));
    return repaired;
  }

  /** Kills nodes as a power cut would. */
  async kill(indices: readonly number[]): Promise<void> {
    await Promise.all(indices.map((i) => kill(this.#children[i]!)));
  }

  /** Starts killed nodes again, each with its disk. */
  async restart(indices: readonly number[]): Promise<void> {
    await Promise.all(
      indices.map(async (i) => {
        this.#children[i] = await this.#network.spawnNode(this.#setups[i]!, { repair: QUICK });
      }),
    );
  }

  /** Kills nodes and puts empty ones with the same keys in their places. */
  async replace(indices: readonly number[]): Promise<void> {
    await this.kill(indices);
    await Promise.all(indices.map((i) => rm(this.#setups[i]!.dataDir, { recursive: true })));
    await this.restart(indices);
  }

  async member(index: number): Promise<CommitteeMember> {
    const { members } = await createCommitteeView(this.#client.provider, this.#client.deployment).current();
    return members.find(({ endpoint }) => endpoint.endsWith(`:${this.#setups[index]!.port}`))!;
  }

  /** Waits until a node holds every strip of its slots of some segments. */
  async isComplete(index: number, segments: readonly BatchSegment[]): Promise<void> {
    const member = await this.member(index);
    const commitments = segments.map(({ commitment }) => commitment);
    const { signal } = new AbortController();
    await eventually(
      `node ${index} holds its strips`,
      async () => {
        const held = await this.#peers.holdings(member, commitments, signal);
        return held.every((set, i) => (stripsOfSlots(member.slots, commitments[i]!) & ~set) === 0n);
      },
      60_000,
    );
  }

  /** A counter of a node's repair, all labels together. */
  async counted(index: number, name: string): Promise<number> {
    const { endpoint } = await this.member(index);
    const { body } = await this.#client.http.request(`${endpoint}/metrics`);
    return sumOf(Buffer.from(body).toString("utf8"), `mycelia_storage_repair_${name}`);
  }
}

function sumOf(exposition: string, name: string): number {
  const lines = exposition
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
