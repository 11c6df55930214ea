/** What the package offers to programs: clients, the codec, and what they are made of. Bindings: "mycelia/bindings". */
export { type Codec, createCodec } from "./coding/codec.ts";
export { MountainRange } from "./coding/mountainRange.ts";
export { chooseShape, type Shape } from "./coding/shape.ts";
export {
  type ComputeClient,
  type ComputeClientOptions,
  type ComputeSession,
  createComputeClient,
  type SessionOrder,
} from "./compute/client.ts";
export { decodeTensors, encodeTensors, type Tensor } from "./compute/tensors.ts";
export { createKvClient, type KvClient, type KvClientNeeds, streamId } from "./kv/client.ts";
export { type Clusters, openClusters } from "./kv/paths/clusters.ts";
export { type Resolved, type ResolveOptions, resolveKey, resolveLogPath } from "./kv/paths/resolve.ts";
export type { DeployedContract, Deployment } from "./runtime/chain/deployment.ts";
export { FatalError, MyceliaError, RetryableError } from "./runtime/errors.ts";
export { createHttpClient } from "./runtime/http/client.ts";
export type { HttpClient } from "./runtime/http/exchange.ts";
export { createKeystoreSigner, createMemorySigner } from "./runtime/keys/localSigner.ts";
export type { KeySigner } from "./runtime/keys/signer.ts";
export { letHeapGrow } from "./runtime/lifecycle/heap.ts";
export { openLmdbStore } from "./runtime/store/lmdb.ts";
export type { Store } from "./runtime/store/store.ts";
export { openTransactionSender } from "./runtime/transactions/lane.ts";
export type { TransactionSender } from "./runtime/transactions/sender.ts";
export type { StorageClient, StorageClientNeeds } from "./storage/client/clientTypes.ts";
export { createStorageClient } from "./storage/client.ts";
