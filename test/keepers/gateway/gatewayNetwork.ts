import type { ChildProcess } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type GatewayOptions, startGateway } from "../../../keepers/gateway/gateway.ts";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import type { StorageNodeOptions } from "../../../keepers/storage/node.ts";
import { freePort, StorageNetwork } from "../storage/network.ts";
import { openNodeContext } from "../storage/nodeContext.ts";
import type { GatewayProcessOptions } from "./gatewayProcess.ts";

/** Account of the gateway; nodes have those from 1 on. */
export const GATEWAY_ACCOUNT = 20;
/** As many as it takes for all slots to have an owner. */
const NODES = 8;

export const OWNER = { accessKeyId: "owner", secretAccessKey: "owner-secret-of-the-test" };
export const READER = { accessKeyId: "reader", secretAccessKey: "reader-secret-of-the-test" };
/** May do everything in the bucket "shared", and nothing elsewhere. */
export const GUEST = { accessKeyId: "guest", secretAccessKey: "guest-secret-of-the-test" };

const KEYS = [
  { ...named(OWNER), grants: [{ bucket: "*", rights: ["read", "write"] }] },
  { ...named(READER), grants: [{ bucket: "*", rights: ["read"] }] },
  { ...named(GUEST), grants: [{ bucket: "shared", rights: ["read", "write"] }] },
];

function named({ accessKeyId, secretAccessKey }: typeof OWNER) {
  return { id: accessKeyId, secret: secretAccessKey };
}

/** A storage network with a gateway in front of it. */
export class GatewayNetwork {
  readonly network: StorageNetwork;
  readonly credentialsFile: string;
  readonly #directory: string;
  readonly #clients: S3Client[] = [];
  #gateway: KeeperContext | undefined;
  #port: number | undefined;
  #url = "";

  private constructor(network: StorageNetwork, directory: string) {
    this.network = network;
    this.#directory = directory;
    this.credentialsFile = join(directory, "keys.json");
  }

  static async start(
    options: Partial<GatewayOptions> | "by itself" = {},
    nodes: Partial<StorageNodeOptions> = {},
  ): Promise<GatewayNetwork> {
    const network = await StorageNetwork.start();
    const directory = await mkdtemp(join(tmpdir(), "gateway-"));
    const made = new GatewayNetwork(network, directory);
    await writeFile(made.credentialsFile, JSON.stringify({ keys: KEYS }), { mode: 0o600 });
    await chmod(made.credentialsFile, 0o600);
    await network.startNodes(NODES, nodes);
    await network.fund(GATEWAY_ACCOUNT);
    if (options !== "by itself") await made.startGateway(options);
    return made;
  }

  /** URL of the plain door. */
  get url(): string {
    return this.#url;
  }

  get endpoint(): string {
    return `${this.url}/s3`;
  }

  async startGateway(options: Partial<GatewayOptions> = {}): Promise<void> {
    const context = await openNodeContext(await this.network.setup(GATEWAY_ACCOUNT, undefined, "gateway"));
    await startGateway(context, {
      credentialsFile: this.credentialsFile,
      codec: this.network.codec,
      publishMs: 200,
      ...options,
    });
    context.closers.add("server", () => context.server.close());
    await context.server.serve();
    this.#gateway = context;
    this.#url = context.publicUrl;
  }

  /** A gateway in a process of its own, in the same place each time. */
  async spawnGateway(options: Partial<GatewayProcessOptions> = {}): Promise<ChildProcess> {
    this.#port ??= await freePort();
    const setup = await this.network.setup(GATEWAY_ACCOUNT, this.#port, "gateway");
    const { credentialsFile } = this;
    this.#url = `http://127.0.0.1:${this.#port}`;
    return await this.network.spawnGateway(setup, { credentialsFile, publishMs: 200, ...options });
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.closers.closeAll();
    this.#gateway = undefined;
  }

  /** The SDK's own client. */
  client(config: S3ClientConfig = {}): S3Client {
    const client = new S3Client({
      endpoint: this.endpoint,
      forcePathStyle: true,
      region: "us-east-1",
      credentials: OWNER,
      maxAttempts: 1,
      ...config,
    });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.stopGateway();
    await this.network.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
