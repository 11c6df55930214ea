import { type ChildProcess, execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { StorageNetwork, toJson } from "../../test/keepers/storage/network.ts";
import type { ClientOrder, ClientReport } from "./clientProcess.ts";
import { cpuMs, peakBytes } from "./processes.ts";

/** Nodes of the network that is measured. */
export const nodeCount = 10;
/** Account of the client; the nodes have 1 ... nodeCount. */
const clientAccount = 30;
/** What a node may take of each byte that is put: its tenth of two coded bytes, and all else that it keeps. */
const diskShare = 0.5;

type Work =
  | { readonly kind: "put"; readonly file: string }
  | { readonly kind: "get"; readonly objectRoot: string };

/** A client's report, and what its work cost the nodes. */
export interface WorkReport extends ClientReport {
  /** Time of all nodes together, milliseconds. */
  readonly nodesCpuMs: number;
}

/** A chain and ten storage nodes, each a process. */
export class BenchNetwork {
  readonly #network: StorageNetwork;
  readonly #nodes: readonly ChildProcess[];

  private constructor(network: StorageNetwork, nodes: readonly ChildProcess[]) {
    this.#network = network;
    this.#nodes = nodes;
  }

  /** @param bytes that will be put, so that the nodes have room and credit for them */
  static async start(bytes: number): Promise<BenchNetwork> {
    const network = await StorageNetwork.start();
    const room = 2 ** 28 + Math.ceil(bytes * diskShare);
    const options = { quotaBytes: room, creditBytesPerSigner: room };
    const nodes: ChildProcess[] = [];
    for (let index = 1; index <= nodeCount; index++) {
      await network.fund(index);
      nodes.push(await network.spawnNode(await network.setup(index), options));
    }
    return new BenchNetwork(network, nodes);
  }

  /** Lets a client of its own process do one thing. */
  async work(work: Work): Promise<WorkReport> {
    const order: ClientOrder = {
      ...work,
      setup: await this.#network.setup(clientAccount, undefined, "client"),
    };
    const before = this.#nodesCpuMs();
    const script = join(import.meta.dirname, "clientProcess.ts");
    const options = { maxBuffer: 2 ** 20 };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import=tsx", script, toJson(order)],
      options,
    );
    return { ...(JSON.parse(stdout) as ClientReport), nodesCpuMs: this.#nodesCpuMs() - before };
  }

  /** Largest resident size that any node has had, bytes. */
  get nodePeakBytes(): number {
    return Math.max(...this.#nodes.map(({ pid }) => peakBytes(pid!)));
  }

  async stop(): Promise<void> {
    await this.#network.stop();
  }

  #nodesCpuMs(): number {
    return this.#nodes.reduce((sum, { pid }) => sum + cpuMs(pid!), 0);
  }
}
