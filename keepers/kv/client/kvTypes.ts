import type { JsonRpcApiProvider } from "ethers";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import type { HttpClient } from "../../runtime/http/exchange.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import type { Bytes } from "../../runtime/platform/bytes.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import type { StorageClient } from "../../storage/client/clientTypes.ts";
import type { BatchStatus, KnownForgery, ReadPage, ReadValue, StreamStatus } from "../format/answers.ts";
import type { StreamBatch } from "../format/streamBatch.ts";

export type { BatchStatus, KnownForgery, ReadPage, ReadValue, StreamStatus } from "../format/answers.ts";
export type { Control } from "../format/controls.ts";
export type { StreamBatch, Write } from "../format/streamBatch.ts";

/** What a KV client is made of. */
export interface KvClientNeeds {
  readonly provider: JsonRpcApiProvider;
  readonly chainId: number;
  readonly deployment: Deployment;
  readonly http: HttpClient;
  /** Base URLs of KV nodes, asked in this order until one answers. */
  readonly nodes?: readonly string[];
  /** Where batches are stored, and read by whoever replays them; needed for writing. */
  readonly storage?: StorageClient;
  /** Announces; the sender is the writer. Needed for writing and relaying. */
  readonly transactions?: TransactionSender;
  /** Signs what a relay announces; needed for `sign`. */
  readonly signer?: KeySigner;
}

/** What is to be written; `seen` takes whatever was written meanwhile when absent. */
export interface Change extends Partial<StreamBatch> {
  /** Above those of all earlier batches of this writer; the time in microseconds when absent. */
  readonly nonce?: bigint;
}

export interface KvCallOptions {
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends KvCallOptions {
  /** Months of 30 days for which the batches' bytes are paid, 12 when absent; 0 = for ever. */
  readonly months?: number;
}

/** A batch that the chain has announced. */
export interface AnnouncedWrite {
  /** Version of the stream that it makes, whatever comes of it. */
  readonly version: number;
  readonly nonce: bigint;
  readonly objectRoot: Uint8Array;
  readonly transaction: string;
  readonly block: number;
}

/** A batch that its writer has signed, for a relay that pays the gas. */
export interface SignedWrite {
  readonly writer: string;
  /** 0x-hex, 32 bytes. */
  readonly stream: string;
  readonly nonce: bigint;
  /** 0x-hex, 32 bytes. */
  readonly objectRoot: string;
  /** 0x-hex. */
  readonly signature: string;
}

export interface ReadOptions extends KvCallOptions {
  /** Version of the stream to be read; the newest that the node has when absent. */
  readonly at?: number;
}

export interface PageOptions extends ReadOptions {
  readonly prefix?: Uint8Array;
  readonly from?: Uint8Array;
  readonly reverse?: boolean;
  /** Most items; 100 when absent, 1,000 at most. */
  readonly limit?: number;
}

/** Who is believed to know the state root of a stream: one of these accounts, by what it attested on the chain. */
export interface Trust {
  readonly attesters: readonly string[];
}

/** What a key holds, and whose word that rests on. */
export interface ProvenValue {
  readonly version: number;
  /** Undefined when it was proven that the key holds nothing. */
  readonly entry: { readonly version: number; readonly value: Bytes } | undefined;
  readonly root: Bytes;
  readonly attester: string;
}

/** Streams: what is written to them, and what their keys hold. Ids are 0x-hex or 32 bytes. */
export interface KvClient {
  /**
   * Stores batches, has them published, and announces them, in their order, 500 in a transaction. Their outcome is for the nodes
   * to tell: see `settled`.
   * @throws FatalError kv/no-writer, kv/bad-batch, kv/bad-stream; what storing, publishing and sending throw
   */
  write(
    stream: string | Uint8Array,
    changes: readonly Change[],
    options?: WriteOptions,
  ): Promise<AnnouncedWrite[]>;
  /** As `write`, but signs instead of sending: anybody may announce it. */
  sign(
    stream: string | Uint8Array,
    changes: readonly Change[],
    options?: WriteOptions,
  ): Promise<SignedWrite[]>;
  /** Announces what others have signed; of what is not theirs nothing comes back. */
  relay(writes: readonly SignedWrite[], options?: KvCallOptions): Promise<(AnnouncedWrite | undefined)[]>;
  /** What came of a batch, once a node has judged it. Waits until the signal aborts. */
  settled(stream: string | Uint8Array, version: number, options?: KvCallOptions): Promise<BatchStatus>;
  status(stream: string | Uint8Array, options?: KvCallOptions): Promise<StreamStatus>;
  batch(stream: string | Uint8Array, version: number, options?: KvCallOptions): Promise<BatchStatus>;
  forgeries(stream: string | Uint8Array, options?: KvCallOptions): Promise<KnownForgery[]>;
  /** @throws RetryableError kv/not-replayed when no node has come to `at`; FatalError kv/unknown-stream */
  get(stream: string | Uint8Array, key: Uint8Array, options?: ReadOptions): Promise<ReadValue>;
  page(stream: string | Uint8Array, options?: PageOptions): Promise<ReadPage>;
  /** Every key under a prefix, page by page, all at one version. */
  items(stream: string | Uint8Array, options?: PageOptions): AsyncIterable<ReadPage["items"][number]>;
  /**
   * What a key holds under a state root that somebody who is trusted has attested.
   * @throws what the last node had to say when none proves it, FatalError kv/bad-proof where it was no proof; RetryableError
   * kv/not-attested
   */
  getProven(
    stream: string | Uint8Array,
    key: Uint8Array,
    trust: Trust,
    options?: KvCallOptions,
  ): Promise<ProvenValue>;
  /**
   * Vouches on the chain for what a node says the state of a stream is, at its newest checkpoint: what is proven of it stays so
   * while others follow.
   * @throws RetryableError kv/no-checkpoint until the blocks of the first batches' window are over
   */
  attest(
    stream: string | Uint8Array,
    options?: KvCallOptions,
  ): Promise<Pick<StreamStatus, "version" | "root">>;
}
