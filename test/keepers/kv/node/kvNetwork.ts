import { createKvClient, type KvClient } from "../../../../keepers/kv/client.ts";
import { type KvNodeOptions, startKvNode } from "../../../../keepers/kv/node.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import type { StorageClient } from "../../../../keepers/storage/client/clientTypes.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { StorageNetwork } from "../../storage/network.ts";
import { openNodeContext } from "../../storage/nodeContext.ts";

/** Storage nodes: an operator holds an eighth of the slots at most. */
const STORAGE_NODES = 8;

/** So few that a test can wait for their end. */
export const WINDOW_BLOCKS = 4;

/** Somebody who writes to streams, and reads them from the nodes it is given. */
export interface Writer {
  readonly context: KeeperContext;
  readonly storage: StorageClient;
  readonly kv: KvClient;
}

/** A chain with storage nodes, and KV nodes and writers as a test wants them; everything is real. */
export class KvNetwork {
  readonly storage: StorageNetwork;
  readonly #contexts: KeeperContext[] = [];

  private constructor(storage: StorageNetwork) {
    this.storage = storage;
  }

  static async start(): Promise<KvNetwork> {
    const storage = await StorageNetwork.start();
    await storage.startNodes(STORAGE_NODES);
    return new KvNetwork(storage);
  }

  /** A KV node that serves. @param engine where its streams lie; LMDB in its own directory when absent */
  async startNode(
    account: number,
    { engine, place = "kv", ...options }: Partial<KvNodeOptions> & { engine?: Engine; place?: string } = {},
  ): Promise<KeeperContext> {
    const own = await openNodeContext(await this.storage.setup(account, undefined, place));
    const context = engine === undefined ? own : { ...own, openEngine: () => engine };
    await startKvNode(context, {
      codec: this.storage.codec,
      maxPauseMs: 500,
      windowBlocks: WINDOW_BLOCKS,
      ...options,
    });
    context.closers.add("server", () => context.server.close());
    await context.server.serve();
    this.#contexts.push(context);
    return context;
  }

  /** @param nodes that it reads from */
  async openWriter(account: number, nodes: readonly KeeperContext[]): Promise<Writer> {
    await this.storage.fund(account);
    const context = await this.storage.openClient(account, "writer");
    const storage = createStorageClient({ ...context, codec: this.storage.codec });
    const kv = createKvClient({ ...context, storage, nodes: nodes.map(({ publicUrl }) => publicUrl) });
    return { context, storage, kv };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#contexts.map(({ closers }) => closers.closeAll()));
    await this.storage.stop();
  }
}
