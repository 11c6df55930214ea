/**
 * Sends three mints at once and prints "landed KEY" for each. Arguments: RPC URL, state directory, private key, token,
 * prefix of the job keys, and the point at which to die (a method of the node, or "store.batch") or "never".
 */
import { writeSync } from "node:fs";
import { id } from "ethers";
import { createProvider } from "../../../../keepers/runtime/chain/provider.ts";
import { createMemorySigner } from "../../../../keepers/runtime/keys/localSigner.ts";
import { openLmdbStore } from "../../../../keepers/runtime/store/lmdb.ts";
import { openTransactionSender } from "../../../../keepers/runtime/transactions/lane.ts";
import { mintTo } from "../token.ts";
import { createDeath } from "./dieAround.ts";

const [url = "", directory = "", privateKey = "", token = "", prefix = "", point = "never"] =
  process.argv.slice(2);
const dieAround = createDeath(point);

const provider = await createProvider(url);
const send = provider.send.bind(provider);
provider.send = (method, params) => dieAround(method, () => send(method, params));
const store = openLmdbStore(directory);
const batch = store.batch.bind(store);
store.batch = (writes) => dieAround("store.batch", () => batch(writes));

const sender = await openTransactionSender({
  provider,
  signer: createMemorySigner(privateKey),
  store,
  chainId: 31_337,
  pollMs: 30,
});
const sending = ["a", "b", "c"].map(async (name) => {
  const key = `${prefix}/${name}`;
  await sender.send(mintTo(token, key, `0x${id(key).slice(-40)}`, 1n));
  writeSync(1, `landed ${key}\n`);
});
await Promise.all(sending);
await sender.close();
await store.close();
provider.destroy();
