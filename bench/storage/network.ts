import { type ChildProcess, execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Provider } from "ethers";
import { StorageNetwork, toJson } from "../../test/keepers/storage/network.ts";
import type { ClientOrder, ClientReport } from "./clientProcess.ts";
import type { Work } from "./clientWork.ts";
import { cpuMs, peakBytes } from "./processes.ts";

/** Nodes of the network that is measured. */
export const nodeCount = 10;
/** Account of the client; the nodes have 1 ... nodeCount. */
const clientAccount = 30;
/** What a node may take of each byte that is put: its tenth of two coded bytes, and all else that it keeps. */
const diskShare = 0.5;
/** The built package. */
const library = new URL("../../dist/keepers/index.js", import.meta.url).href;
/** As the command line starts Node. */
export const nodeOptions = ["--max-semi-space-size=8"];
export const nodeEnvironment = { MALLOC_ARENA_MAX: "1" };
/** As keepers have it by default. */
const pollMs = 1_000;

/** A client's report, and what its work cost the nodes. */
export interface WorkReport extends ClientReport {
  /** Time of all nodes together, milliseconds. */
  readonly nodesCpuMs: number;
  /** Gas of everything that went on the chain meanwhile, whoever sent it. */
  readonly gas: number;
}

/** A chain and ten storage nodes, each a process. */
export class BenchNetwork {
  /** For keepers and clients that stand on it. */
  readonly network: StorageNetwork;
  readonly #nodes: readonly ChildProcess[];

  private constructor(network: StorageNetwork, nodes: readonly ChildProcess[]) {
    this.network = network;
    this.#nodes = nodes;
  }

  /** @param bytes that will be put, so that the nodes have room and credit for them */
  static async start(bytes: number): Promise<BenchNetwork> {
    const network = await StorageNetwork.start();
    const room = 2 ** 28 + Math.ceil(bytes * diskShare);
    const options = { quotaBytes: room, creditBytesPerSigner: room };
    await network.fund(clientAccount);
    const nodes: ChildProcess[] = [];
    for (let index = 1; index <= nodeCount; index++) {
      await network.fund(index);
      nodes.push(await network.spawnNode({ ...(await network.setup(index)), pollMs }, options));
    }
    return new BenchNetwork(network, nodes);
  }

  /** Lets a client of its own process do one thing. */
  async work(work: Work): Promise<WorkReport> {
    const order: ClientOrder = {
      ...work,
      library,
      setup: { ...(await this.network.setup(clientAccount, undefined, "client")), pollMs },
    };
    const before = this.nodesCpuMs();
    const { provider } = this.network.chain;
    const block = await provider.getBlockNumber();
    const script = join(import.meta.dirname, "clientProcess.ts");
    const options = { maxBuffer: 2 ** 20, env: { ...process.env, ...nodeEnvironment } };
    const words = [...nodeOptions, script, toJson(order)];
    const { stdout } = await promisify(execFile)(process.execPath, words, options);
    const report = JSON.parse(stdout) as ClientReport;
    return { ...report, nodesCpuMs: this.nodesCpuMs() - before, gas: await gasSince(provider, block) };
  }

  /** Largest resident size that any node has had, bytes. */
  get nodePeakBytes(): number {
    return Math.max(...this.#nodes.map(({ pid }) => peakBytes(pid!)));
  }

  async stop(): Promise<void> {
    await this.network.stop();
  }

  /** Time of all nodes together so far, milliseconds. */
  nodesCpuMs(): number {
    return this.#nodes.reduce((sum, { pid }) => sum + cpuMs(pid!), 0);
  }
}

/** Gas of all blocks behind one. */
async function gasSince(provider: Provider, block: number): Promise<number> {
  const last = await provider.getBlockNumber();
  let gas = 0n;
  for (let number = block + 1; number <= last; number++) gas += (await provider.getBlock(number))!.gasUsed;
  return Number(gas);
}
