import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { HDNodeWallet, Mnemonic, parseEther, Wallet } from "ethers";
import { type Codec, createCodec } from "../../../keepers/coding/codec.ts";
import type { Deployment } from "../../../keepers/runtime/chain/deployment.ts";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import { type StorageNodeOptions, startStorageNode } from "../../../keepers/storage/node.ts";
import { deployPlan, sendCalls, shortName } from "../../../scripts/deploy/deploy.ts";
import { devnetSettings } from "../../../scripts/deploy/devnet.ts";
import { devnetParameters } from "../../../scripts/deploy/parameters.ts";
import { blockSource, myceliaPlan } from "../../../scripts/deploy/plan.ts";
import { IBeacon__factory } from "../../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import { IModules__factory } from "../../../typechain-types/factories/core/interfaces/IModules__factory.js";
import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import { MyceliaToken__factory } from "../../../typechain-types/factories/core/MyceliaToken__factory.js";
import type { GatewayProcessOptions } from "../gateway/gatewayProcess.ts";
import { startAnvil, type TestChain } from "../runtime/chains.ts";
import { type NodeSetup, openNodeContext } from "./nodeContext.ts";
import type { NodeProcessOptions } from "./nodeProcess.ts";
import type { PublisherProcessOptions } from "./publisherProcess.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const CONTRACTS = [
  "Authority",
  "MyceliaToken",
  "Treasury",
  "Emission",
  "Parameters",
  "Modules",
  "Bonds",
  "BlockHashSource",
  "Beacon",
  "Committees",
  "Endowment",
  "StorageLog",
  "StorageAudits",
  "Recoverability",
  "ReadSessions",
  "Streams",
  "Clusters",
];

/** A key of the chain's own accounts, which hold ether; 0 deploys. */
export function accountKey(index: number): string {
  const mnemonic = Mnemonic.fromPhrase(MNEMONIC);
  return HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${index}`).privateKey;
}

/** A real chain with the contracts that storage stands on, and whatever nodes a test starts. */
export class StorageNetwork {
  readonly chain: TestChain;
  readonly deployment: Deployment;
  readonly codec: Codec;
  readonly #directory: string;
  readonly #contexts: KeeperContext[] = [];
  readonly #children = new Set<ChildProcess>();

  private constructor(chain: TestChain, deployment: Deployment, codec: Codec, directory: string) {
    this.chain = chain;
    this.deployment = deployment;
    this.codec = codec;
    this.#directory = directory;
  }

  /** @param parameters values by name, where they are other than the devnet's */
  static async start(parameters: Readonly<Record<string, bigint>> = {}): Promise<StorageNetwork> {
    const chain = await startAnvil("--accounts", "40");
    const deployment = await deploy(chain, parameters);
    const directory = await mkdtemp(join(tmpdir(), "storage-network-"));
    return new StorageNetwork(chain, deployment, await createCodec(), directory);
  }

  /** Gives an account tokens to bond or to pay with. */
  async fund(index: number, amount = parseEther("1000")): Promise<void> {
    const token = MyceliaToken__factory.connect(this.address("MyceliaToken"), this.wallet(0));
    await (await token.transfer(this.wallet(index).address, amount)).wait();
  }

  address(name: string): string {
    return this.deployment.contracts[name]!.address;
  }

  wallet(index: number): Wallet {
    return new Wallet(accountKey(index), this.chain.provider);
  }

  /** What a node of account `index` is started with; the same every time. */
  async setup(index: number, port?: number, place = "node"): Promise<NodeSetup> {
    return {
      rpcUrl: this.chain.url,
      deployment: this.deployment,
      privateKey: accountKey(index),
      port: port ?? (await freePort()),
      dataDir: join(this.#directory, `${place}-${index}`),
    };
  }

  /** A node in this process that serves. */
  async startNode(setup: NodeSetup, options: Partial<StorageNodeOptions> = {}): Promise<KeeperContext> {
    const context = await openNodeContext(setup);
    const { codec } = this;
    await this.#mineDuring(
      startStorageNode(context, {
        quotaBytes: 256 * 1024 * 1024,
        creditBytesPerSigner: 1024 ** 3,
        register: true,
        codec,
        committeeTtlMs: 50,
        repair: false,
        presence: false,
        drop: false,
        ...options,
      }),
    );
    context.closers.add("server", () => context.server.close());
    await context.server.serve();
    this.#contexts.push(context);
    return context;
  }

  /** Accounts 1..count as funded, serving members. */
  async startNodes(count: number, options: Partial<StorageNodeOptions> = {}): Promise<KeeperContext[]> {
    const nodes: KeeperContext[] = [];
    for (let index = 1; index <= count; index++) {
      await this.fund(index);
      nodes.push(await this.startNode(await this.setup(index), options));
    }
    return nodes;
  }

  /** A node in a process of its own that serves. @param under command that the process is started with */
  async spawnNode(
    setup: NodeSetup,
    options: NodeProcessOptions = {},
    under: readonly string[] = [],
  ): Promise<ChildProcess> {
    return await this.#spawn("nodeProcess.ts", { ...setup, options }, under);
  }

  /** A publisher in a process of its own that serves. */
  async spawnPublisher(setup: NodeSetup, options: PublisherProcessOptions): Promise<ChildProcess> {
    return await this.#spawn("publisherProcess.ts", { ...setup, options });
  }

  /** A gateway in a process of its own that serves. */
  async spawnGateway(setup: NodeSetup, options: GatewayProcessOptions): Promise<ChildProcess> {
    return await this.#spawn("../gateway/gatewayProcess.ts", { ...setup, options });
  }

  async #spawn(name: string, setup: object, under: readonly string[] = []): Promise<ChildProcess> {
    const script = join(import.meta.dirname, name);
    const [command = "", ...words] = [...under, process.execPath, "--import=tsx", script, toJson(setup)];
    const child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"] });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    const said = Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(([code]) => Promise.reject(new Error(`a node ended with ${code}`))),
    ]);
    const [text] = (await this.#mineDuring(said)) as [Buffer];
    if (!text.toString().startsWith("ready")) throw new Error(`a node said ${text}`);
    return child;
  }

  /** The draw of who enters waits for blocks, which this chain mines with transactions alone. */
  async #mineDuring<T>(starting: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    starting.then(end, end);
    while (!isOver) {
      await this.chain.rpc("anvil_mine", "0x1");
      await Promise.race([starting.then(end, end), setTimeout(25)]);
    }
    return await starting;
  }

  /** A context without a server of its own use: for a client. */
  async openClient(index: number, place = "client"): Promise<KeeperContext> {
    const context = await openNodeContext(await this.setup(index, undefined, place));
    this.#contexts.push(context);
    return context;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await kill(child);
    await Promise.all(this.#contexts.map(({ closers }) => closers.closeAll()));
    await this.codec.close();
    await this.chain.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Ends a process as a power cut would. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** What a process is given on its command line. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function deploy(chain: TestChain, values: Readonly<Record<string, bigint>>): Promise<Deployment> {
  const deployer = new Wallet(accountKey(0), chain.provider);
  const plan = myceliaPlan(devnetSettings, deployer.address).filter(({ name }) => CONTRACTS.includes(name));
  const deployment = await deployPlan(deployer, plan, () => {});
  const at = (name: string) => deployment.contracts[name]!.address;
  const parameters = devnetParameters
    .filter(({ name }) => name.startsWith("storage.") || name === "beacon.tip")
    .map(({ name, value, min, max, maxStep, cooldown }) => ({
      what: name,
      to: at("Parameters"),
      data: IParameters__factory.createInterface().encodeFunctionData("introduce", [
        shortName(name),
        // A test's epoch never ends: everything may move in it.
        name === "storage.churn" ? max : (values[name] ?? value),
        { min, max, maxStep, cooldown },
      ]),
    }));
  const modules = ["Committees", "StorageLog", "ReadSessions"].map((name) => ({
    what: name,
    to: at("Modules"),
    data: IModules__factory.createInterface().encodeFunctionData("register", [shortName(name), at(name)]),
  }));
  const source = {
    what: "beacon source",
    to: at("Beacon"),
    data: IBeacon__factory.createInterface().encodeFunctionData("setSource", [
      blockSource,
      at("BlockHashSource"),
    ]),
  };
  await sendCalls(deployer, [...parameters, ...modules, source], () => {});
  return deployment;
}
