import type { JsonRpcApiProvider } from "ethers";
import type { Codec } from "../../coding/codec.ts";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import type { HttpClient } from "../../runtime/http/exchange.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import type { LoggedBatch } from "../chain/publications.ts";
import type { BatchSegment, PlacedSegment } from "../format/batch.ts";
import type { DirectoryEntry } from "../format/directory.ts";
import type { InclusionProof } from "../format/inclusion.ts";
import type { PackKind } from "../format/pack.ts";
import type { StorageState } from "../format/placement.ts";
import type { ReadSessionCalls } from "./readSessionCalls.ts";

export type * from "./readSessionCalls.ts";

/** What a client is made of; a KeeperContext with a codec is one. */
export interface StorageClientNeeds {
  readonly provider: JsonRpcApiProvider;
  readonly chainId: number;
  readonly deployment: Deployment;
  readonly http: HttpClient;
  readonly codec: Codec;
  /** Signs uploads; without it the client only reads. */
  readonly signer?: KeySigner;
  /** Sends what `publish` appends. */
  readonly transactions?: TransactionSender;
  /**
   * Remembers what was stored, so that a put that was cut off goes on where it was; without it all is sent anew. And what was
   * about to be appended: publishing needs it.
   */
  readonly store?: Store;
  readonly limits?: Partial<ClientLimits>;
  /** Read sessions that vouchers of `signer` are drawn on where a member wants to be paid, the last one first; they need a store. */
  readonly readSessions?: readonly bigint[];
  /**
   * Asked for a session of a committee once one of its members wants to be paid and no session pays it; it may be asked again,
   * for the same committee too. Needs what `readSessions` needs.
   */
  readonly readSessionFor?: (committee: number) => Promise<bigint | undefined>;
}

/** Bytes at once, or as they come; they must not be changed once they are given. */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array>;

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
  /** Segments done. */
  readonly segments: number;
}

export interface StorageCallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StorageProgress) => void;
}

/** How an object is encrypted before it leaves the client. */
export interface Encryption {
  /** 32 bytes; one key serves any number of objects. */
  readonly key: Uint8Array;
  /** 32 bytes, fresh when absent; the same salt gives the same bytes the same object root again. Never for other bytes. */
  readonly salt?: Uint8Array;
}

export interface PutOptions extends StorageCallOptions {
  /** Object bytes, when they are known beforehand: the total that progress tells. */
  readonly size?: number;
  readonly encryption?: Encryption;
}

export interface PutManyOptions extends StorageCallOptions {
  /** Bytes of all, when they are known beforehand. */
  readonly size?: number;
}

export interface PutDirectoryOptions extends PutManyOptions {
  /** Encrypts the list, and the files that bring no encryption of their own; each under a fresh salt. */
  readonly key?: Uint8Array;
}

/** A file of a directory that is put; it may be empty. */
export interface FileSource {
  /** Parts divided by "/", from the directory down. */
  readonly path: string;
  readonly source: ByteSource;
  readonly encryption?: Encryption;
}

export interface GetOptions extends StorageCallOptions {
  /** Decrypts what was encrypted to this key. */
  readonly key?: Uint8Array;
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

/** What was reached for everything that a put has stored. */
export interface StoredParts {
  /** Segments that the objects lie in, packs included: what is to be published. */
  readonly segments: Iterable<BatchSegment> & { readonly length: number };
  readonly state: StorageState;
  /** Slots covered by the weakest segment. */
  readonly slotsCovered: number;
  /** Bytes of all request bodies that a member has acknowledged. */
  readonly bytesSent: number;
  /** Members that did not take their part, and why; one entry a member. */
  readonly failures: readonly MemberFailure[];
}

export interface PutResult extends StoredParts {
  /** Name of the object, 32 bytes; of a directory, that of its list. */
  readonly objectRoot: Uint8Array;
  /** Bytes that are stored: more than came when they were encrypted. */
  readonly size: number;
  /** A small object lies in a pack, a larger one under a manifest. */
  readonly kind: PackKind;
}

export interface PutManyResult extends StoredParts {
  /** In the order of the objects. */
  readonly objectRoots: readonly Uint8Array[];
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

/** An object being read; iterate it, take all bytes at once, or some of them. */
export interface StoredObject extends AsyncIterable<Uint8Array> {
  /** Name of the object, 32 bytes. */
  readonly objectRoot: Uint8Array;
  /** A small object lies in a pack, a larger one under a manifest. */
  readonly kind: PackKind;
  /** Bytes; of what is inside when a key was given. */
  readonly size: number;
  /** As far as reading has come. */
  readonly report: ReadReport;
  /** @throws FatalError storage/object-too-large above `maxBytes` (256 MiB when absent) */
  bytes(maxBytes?: number): Promise<Uint8Array>;
  /**
   * Reads a part; only the rows that hold it are fetched.
   * @throws FatalError storage/bad-range unless it lies in the object and is not empty
   */
  range(offset: number, length: number): AsyncIterable<Uint8Array>;
}

/** A directory being read. */
export interface StoredDirectory {
  /** Of its list. */
  readonly objectRoot: Uint8Array;
  /** By rising path; the list is read on as this is iterated. @throws FatalError storage/bad-directory (while iterating) */
  files(): AsyncIterable<DirectoryEntry>;
  /**
   * Opens a file by its path or entry.
   * @throws as `get`; FatalError storage/no-such-file; storage/bad-directory when the file is another than the list says
   */
  open(file: string | DirectoryEntry, options?: GetOptions): Promise<StoredObject>;
}

export interface PublishedBatch extends LoggedBatch {
  /** True when an earlier call had appended it. */
  readonly known: boolean;
  /** What its certificates have reached on chain; final at least. */
  readonly state: StorageState;
  /** Slots that they cover. */
  readonly slotsCovered: number;
  /** Its segments, and where each stands in it: what a proof of a segment is made of. */
  readonly contents: readonly PlacedSegment[];
  /** Members that took note of it. */
  readonly toldMembers: number;
}

export interface StorageClient extends ReadSessionCalls {
  /**
   * Stores an object over the committees of its segments; resolves once all are final, and with what was reached within the
   * grace after that. Bytes that were stored before, in a call that was cut off or not, are not sent again.
   * @throws FatalError storage/empty-object, storage/object-too-large, storage/no-signer
   * @throws RetryableError storage/not-final with the members' reasons
   */
  put(source: ByteSource, options?: PutOptions): Promise<PutResult>;
  /** Stores many objects, small ones packed together. @throws as `put` */
  putMany(
    objects: Iterable<ByteSource> | AsyncIterable<ByteSource>,
    options?: PutManyOptions,
  ): Promise<PutManyResult>;
  /** Stores files, and a list of them as an object of its own. @throws as `put`; FatalError storage/bad-directory */
  putDirectory(
    files: Iterable<FileSource> | AsyncIterable<FileSource>,
    options?: PutDirectoryOptions,
  ): Promise<PutResult>;
  /**
   * Opens an object: its place or manifest is read and checked; iterating reads the rest.
   * @throws FatalError storage/not-found, storage/wrong-key, storage/not-authentic
   * @throws RetryableError storage/unavailable, storage/too-few-rows (while iterating)
   */
  get(objectRoot: Uint8Array, options?: GetOptions): Promise<StoredObject>;
  /** Opens a directory; its list is read as its files are iterated. @throws as `get` */
  openDirectory(objectRoot: Uint8Array, options?: GetOptions): Promise<StoredDirectory>;
  /** The files of a directory at once, by rising path. @throws as `get`; FatalError storage/bad-directory */
  list(objectRoot: Uint8Array, options?: GetOptions): Promise<readonly DirectoryEntry[]>;
  /**
   * Appends the segments of what was put to the log, in batches for each committee that holds some, each with its members'
   * certificate, and pays for them. It may be cut off anywhere and called again. The same segments are paid again only when
   * what was paid has expired, or when they are to be kept for ever and were leased.
   * @throws FatalError storage/no-signer, storage/bad-term; what the transaction sender throws
   * @throws RetryableError storage/not-final when too few members sign (nothing was paid), storage/not-appended
   */
  publish(
    stored: readonly Pick<StoredParts, "segments">[],
    options?: PublishOptions,
  ): Promise<PublishedBatch[]>;
  /**
   * Proves that the segments of batches are in them, and they in the log as it is now: a proof for each segment, which
   * anybody checks with the chain alone. What was read of the log is kept in the store.
   * @throws FatalError storage/unknown-batch; RetryableError storage/unsteady-log
   */
  prove(
    batches: readonly Pick<PublishedBatch, "id" | "contents">[],
    options?: StorageCallOptions,
  ): Promise<InclusionProof[]>;
}
