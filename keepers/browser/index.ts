/** What the package offers to pages: "mycelia/browser". No module of node's is reached from here. */

/** Of ethers, for pages that bring none. */
export { BrowserProvider, JsonRpcProvider } from "ethers";
export { createCodec } from "../coding/codec.ts";
export { createKvClient, type KvClient, type KvClientNeeds, streamId } from "../kv/client.ts";
export { type Clusters, openClusters } from "../kv/paths/clusters.ts";
export { type Resolved, type ResolveOptions, resolveKey, resolveLogPath } from "../kv/paths/resolve.ts";
export { checkDeployment, type Deployment, parseDeployment } from "../runtime/chain/deployment.ts";
export { FatalError, MyceliaError, RetryableError } from "../runtime/errors.ts";
export type { HttpClient } from "../runtime/http/exchange.ts";
export { openMemoryStore } from "../runtime/store/memoryEngine.ts";
export type { Store } from "../runtime/store/store.ts";
export type { StorageClient, StorageClientNeeds } from "../storage/client/clientTypes.ts";
export { createStorageClient } from "../storage/client.ts";
export { createFetchClient, type FetchClientOptions } from "./fetchClient.ts";
export { openBrowserStore } from "./indexedDbEngine.ts";
export { type Clients, type ClientsOptions, openClients } from "./openClients.ts";
export { piecesOf } from "./pieces.ts";
export { walletOf } from "./signers.ts";
