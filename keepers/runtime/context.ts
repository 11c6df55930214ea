import type { JsonRpcProvider } from "ethers";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Deployment } from "./chain/deployment.ts";
import type { BlockHandler, FollowerOptions } from "./chain/follower.ts";
import type { HttpClient } from "./http/exchange.ts";
import type { BlsSigner } from "./keys/blsKey.ts";
import type { KeySigner } from "./keys/signer.ts";
import type { Leases } from "./leases/leases.ts";
import type { Closers } from "./lifecycle/closers.ts";
import type { Queue, QueueOptions } from "./queue/queue.ts";
import type { Engine } from "./store/engine.ts";
import type { Store } from "./store/store.ts";
import type { TransactionSender } from "./transactions/sender.ts";

/** Everything that a keeper stands on; wired once, in keepers/cli, and handed to a role. */
export interface KeeperContext {
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
  readonly deployment: Deployment;
  readonly signer: KeySigner;
  /** The keeper's BLS key, for roles that have use for one; made when there is none. */
  readonly openBlsSigner: () => Promise<BlsSigner>;
  readonly transactions: TransactionSender;
  readonly store: Store;
  readonly leases: Leases;
  readonly http: HttpClient;
  /** Roles add routes, probes and statuses; whoever wired the context calls `serve()` once every role has started. */
  readonly server: FastifyInstance;
  /** Base URL under which others reach `server`. */
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly closers: Closers;
  /** Aborts when the process is told to stop. */
  readonly signal: AbortSignal;
  /** Directory that is this keeper's alone, for this chain and deployment. */
  readonly dataDir: string;
  queue<T>(name: string, options: QueueOptions): Queue<T>;
  /** An ordered store of bytes of its own, for what keeps more than records; it is closed with the keeper. */
  openEngine(name: string): Engine;
  /** Follows contracts from a durable cursor under `name`; resolves when the signal aborts. */
  follow(
    name: string,
    options: Partial<FollowerOptions> & Pick<FollowerOptions, "addresses">,
    handler: BlockHandler,
  ): Promise<void>;
}
