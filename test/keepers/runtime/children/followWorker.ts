/**
 * Follows a contract into an index in its store until it has reached a height. Arguments: RPC URL, state directory,
 * contract, height, and the point at which to die ("apply", "undo", "store.batch", "store.put") or "never".
 */
import { followChain } from "../../../../keepers/runtime/chain/follow.ts";
import type { FollowedBlock } from "../../../../keepers/runtime/chain/follower.ts";
import { createProvider } from "../../../../keepers/runtime/chain/provider.ts";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import { createDeath } from "./dieAround.ts";

const [url = "", directory = "", contract = "", height = "0", point = "never"] = process.argv.slice(2);
const dieAround = createDeath(point);
const provider = await createProvider(url);
const store = openLmdbStore(directory);
const index = store.under("index/");
const trail = store.under("trail/");
const { batch, put } = { batch: store.batch.bind(store), put: store.put.bind(store) };
store.batch = (writes) => dieAround("store.batch", () => batch(writes));
store.put = (key, value) => dieAround("store.put", () => put(key, value));

const keysOf = (block: FollowedBlock) => block.logs.map((log) => `${block.hash}/${log.index}`);
const stop = new AbortController();
await followChain({
  provider,
  store: trail,
  signal: stop.signal,
  options: { fromBlock: 0, addresses: [contract], confirmations: 0, finality: 6, pollMs: 20 },
  handler: {
    apply: (block) =>
      dieAround("apply", () =>
        index.batch(keysOf(block).map((key) => ({ kind: "put", key, value: Buffer.alloc(0) }))),
      ),
    undo: (block) =>
      dieAround("undo", () => index.batch(keysOf(block).map((key) => ({ kind: "delete", key })))),
    onHead: async ({ number }) => {
      if (number >= Number(height)) stop.abort();
    },
  },
});
await store.close();
provider.destroy();
