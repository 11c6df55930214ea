import type { JsonRpcProvider } from "ethers";
import type { Codec } from "../../coding/codec.ts";
import type { Deployment } from "../../runtime/context.ts";
import type { HttpClient } from "../../runtime/http/client.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import type { LoggedBatch } from "../chain/publications.ts";
import type { Manifest } from "../format/manifest.ts";
import type { StorageState } from "../format/placement.ts";
import type { SignedReceipt } from "../format/receipts.ts";

/** What a client is made of; a KeeperContext with a codec is one. */
export interface StorageClientNeeds {
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
  readonly deployment: Deployment;
  readonly http: HttpClient;
  readonly codec: Codec;
  /** Signs uploads; without it the client only reads. */
  readonly signer?: KeySigner;
  /** Sends what `publish` appends. */
  readonly transactions?: TransactionSender;
  readonly limits?: Partial<ClientLimits>;
}

export interface ClientLimits {
  /** One request to a member, milliseconds. */
  readonly requestMs: number;
  /** After this long without an answer others are asked for the same, milliseconds. */
  readonly hedgeMs: number;
  /** How long members that are still busy are waited for once an object is final, milliseconds. */
  readonly graceMs: number;
  /** Segments coded and sent, or read, at once. */
  readonly segmentsInFlight: number;
  /** Tries of one upload to one member. */
  readonly attempts: number;
}

export interface StorageProgress {
  readonly stage: "store" | "read";
  /** Object bytes done. */
  readonly done: number;
  /** Object bytes in all, where they are known. */
  readonly total: number | undefined;
  /** Slots covered by the weakest segment so far (store), or strips rebuilt from (read). */
  readonly segments: number;
}

export interface StorageCallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StorageProgress) => void;
}

export interface PutOptions extends StorageCallOptions {
  /** Object bytes, when they are known beforehand: the total that progress tells. */
  readonly size?: number;
}

export interface PublishOptions extends StorageCallOptions {
  /** Months of 30 days that are paid for, 12 when absent; 0 = for ever. */
  readonly months?: number;
}

export interface MemberFailure {
  readonly member: number;
  readonly endpoint: string;
  /** Error code: the member's own when it answered with one. */
  readonly code: string;
  /** One line that is safe to print. */
  readonly reason: string;
}

export interface PutResult {
  readonly objectRoot: Uint8Array;
  /** Object bytes. */
  readonly size: number;
  readonly manifest: Manifest;
  /** Receipts of each segment, in the order of the manifest. */
  readonly receipts: readonly (readonly SignedReceipt[])[];
  readonly state: StorageState;
  /** Slots covered by the weakest part. */
  readonly slotsCovered: number;
  /** Bytes of all request bodies that a member has acknowledged. */
  readonly bytesSent: number;
  /** Members that did not take their part, and why; one entry a member. */
  readonly failures: readonly MemberFailure[];
}

/** A member that served what does not belong to its name. */
export interface Blame extends MemberFailure {
  readonly operator: string;
  /** Segment commitment or object root, hex. */
  readonly subject: string;
}

export interface ReadReport {
  readonly blamed: readonly Blame[];
  /** Members that could not be read from. */
  readonly failures: readonly MemberFailure[];
  /** Segments that were rebuilt with parity rows. */
  readonly rebuilt: number;
  /** Segments whose bytes code to another commitment: their writer coded wrongly. The bytes are what the rows say. */
  readonly miscoded: readonly string[];
}

/** An object being read; iterate it, or take all bytes at once. */
export interface StoredObject extends AsyncIterable<Uint8Array> {
  readonly objectRoot: Uint8Array;
  readonly size: number;
  readonly manifest: Manifest;
  /** As far as reading has come. */
  readonly report: ReadReport;
  /** @throws FatalError storage/object-too-large above `maxBytes` (256 MiB when absent) */
  bytes(maxBytes?: number): Promise<Uint8Array>;
}

export interface PublishedBatch extends LoggedBatch {
  /** True when an earlier call had appended it. */
  readonly known: boolean;
  /** Members that took note of it. */
  readonly toldMembers: number;
}

export interface StorageClient {
  /**
   * Stores an object over the committee; resolves once it is final, and with what was reached within the grace after that.
   * @throws FatalError storage/empty-object, storage/object-too-large, storage/no-signer
   * @throws RetryableError storage/not-final with the members' reasons
   */
  put(source: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutResult>;
  /**
   * Opens an object: its manifest is read and checked; iterating reads the rest.
   * @throws FatalError storage/not-found; RetryableError storage/unavailable, storage/too-few-rows (while iterating)
   */
  get(objectRoot: Uint8Array, options?: StorageCallOptions): Promise<StoredObject>;
  /**
   * Appends the segments of these objects to the log, one batch for each committee that holds some, and pays for them. The
   * same objects are paid again only when what was paid has expired, or when they are to be kept for ever and were leased.
   * @throws FatalError storage/no-signer, storage/batch-too-large, storage/bad-term; what the transaction sender throws
   */
  publish(
    objects: readonly Pick<PutResult, "manifest" | "objectRoot">[],
    options?: PublishOptions,
  ): Promise<PublishedBatch[]>;
}
