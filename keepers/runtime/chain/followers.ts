import type { JsonRpcProvider } from "ethers";
import type { Logger } from "pino";
import type { KeeperContext } from "../context.ts";
import { FatalError } from "../errors.ts";
import type { Probes } from "../http/probes.ts";
import type { Closers } from "../lifecycle/closers.ts";
import type { Store } from "../store/store.ts";
import { followChain } from "./follow.ts";
import type { BlockHandler, FollowerOptions } from "./follower.ts";
import type { ChainMetrics } from "./metrics.ts";

export interface FollowersSetup {
  readonly provider: JsonRpcProvider;
  readonly store: Store;
  readonly defaults: Omit<FollowerOptions, "addresses">;
  readonly signal: AbortSignal;
  readonly closers: Closers;
  readonly logger: Logger;
  readonly metrics: ChainMetrics;
  readonly probes: Probes;
  /** Called when a follower has ended with an error: the keeper would go on blind. */
  onFailure(error: unknown): void;
}

/** Followers of one keeper: each with its own cursor, shown at /ready, /status and /metrics. */
export function createFollowers(setup: FollowersSetup): KeeperContext["follow"] {
  const names = new Set<string>();
  return async (name, options, handler) => {
    if (names.has(name)) {
      throw new FatalError(
        "chain/follower-exists",
        `"${name}" follows the chain already; choose another name`,
        {
          name,
        },
      );
    }
    names.add(name);
    const closing = new AbortController();
    const followed = followChain({
      provider: setup.provider,
      store: setup.store.under(`follow/${name}/`),
      options: { ...setup.defaults, ...options },
      signal: AbortSignal.any([setup.signal, closing.signal]),
      ...watch(setup, name, handler),
    });
    // The store is closed after this: no follower may still write to it.
    const ended = followed.catch((error: unknown) => setup.onFailure(error));
    setup.closers.add(`follower ${name}`, () => {
      closing.abort();
      return ended;
    });
    await followed;
  };
}

/** Lets probes and metrics see how far a follower is. */
function watch({ metrics, probes, logger }: FollowersSetup, name: string, handler: BlockHandler) {
  const labels = { follower: name };
  let height = -1;
  let isCaughtUp = false;
  probes.addReadiness(
    `follower ${name}`,
    async () => isCaughtUp || `has not caught up, is at block ${height}`,
  );
  probes.addStatus(`follower ${name}`, async () => ({ height, isCaughtUp }));
  return {
    logger: logger.child({ follower: name }),
    handler: {
      apply: (block) => handler.apply(block),
      undo: (block) => handler.undo(block),
      async onHead(head) {
        await handler.onHead?.(head);
        isCaughtUp = true;
      },
    } satisfies BlockHandler,
    observer: {
      height(reached: number) {
        height = reached;
        metrics.height.set(labels, reached);
      },
      reorg(depth: number) {
        metrics.reorgs.inc(labels);
        metrics.undoneBlocks.inc(labels, depth);
      },
    },
  };
}
