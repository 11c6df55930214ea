import { FatalError } from "../runtime/errors.ts";
import { KeyedLock } from "../runtime/keyedLock.ts";
import { createCommitteeBook } from "./chain/committeeBook.ts";
import { contractAddress } from "./chain/committeeView.ts";
import { LogLedger } from "./chain/logLedger.ts";
import { createCommitteeCount } from "./chain/rendezvous.ts";
import type {
  ByteSource,
  ClientLimits,
  FileSource,
  GetOptions,
  PublishedBatch,
  PublishOptions,
  PutDirectoryOptions,
  PutManyOptions,
  PutManyResult,
  PutOptions,
  PutResult,
  ReadSessionOrder,
  StorageCallOptions,
  StorageClient,
  StorageClientNeeds,
  StoredDirectory,
  StoredObject,
  StoredParts,
} from "./client/clientTypes.ts";
import { DirectoryReader } from "./client/directoryReader.ts";
import { createMemberApi } from "./client/memberApi.ts";
import { ObjectReader } from "./client/objectReader.ts";
import { ObjectWriter, partsOf } from "./client/objectWriter.ts";
import { closeSession, type OpeningNeeds, openSession, wasSent } from "./client/readOpening.ts";
import { ReadPurse } from "./client/readPurse.ts";
import { SegmentUpload } from "./client/segmentUpload.ts";
import { createUploadJournal } from "./client/uploadJournal.ts";
import { type DirectoryEntry, EMPTY_FILE, encodeDirectory, requirePath } from "./format/directory.ts";
import { saltOfContent } from "./format/encryption.ts";
import type { InclusionProof } from "./format/inclusion.ts";
import { proveInclusion } from "./publisher/proofs.ts";
import { publishSegments } from "./publisher/publish.ts";

export type * from "./client/clientTypes.ts";

const DEFAULT_LIMITS: ClientLimits = {
  requestMs: 30_000,
  hedgeMs: 1_000,
  graceMs: 10_000,
  segmentsInFlight: 2,
  attempts: 3,
};

/** A year or so, when nothing is said. */
const DEFAULT_MONTHS = 12;
const MAX_MONTHS = 65_535;

/** A client of the storage network; it holds nothing open that is not given to it. */
export function createStorageClient(needs: StorageClientNeeds): StorageClient {
  return new Client(needs);
}

class Client implements StorageClient {
  readonly #needs: StorageClientNeeds;
  readonly #limits: ClientLimits;
  readonly #reader: ObjectReader;
  readonly #publishing = new KeyedLock();
  readonly #purse: ReadPurse | undefined;
  #ledger: LogLedger | undefined;

  constructor(needs: StorageClientNeeds) {
    this.#needs = needs;
    this.#limits = { ...DEFAULT_LIMITS, ...needs.limits };
    const { provider, deployment, codec } = needs;
    this.#purse = openPurse(needs);
    const committees = createCommitteeBook(provider, deployment);
    this.#reader = new ObjectReader({ codec, api: this.#api(), limits: this.#limits, committees });
  }

  async openReadSession(
    order: ReadSessionOrder,
    key: string,
    { signal = new AbortController().signal }: StorageCallOptions = {},
  ): Promise<bigint> {
    const { purse, ...needs } = this.#opening();
    const id = await this.#publishing.run("allowance", () =>
      openSession({ ...needs, signal }, { ...order, key }),
    );
    purse.add(id);
    return id;
  }

  async findReadSession(
    order: ReadSessionOrder,
    key: string,
    options: StorageCallOptions = {},
  ): Promise<bigint | undefined> {
    const wasOrdered = await wasSent(this.#opening(), key);
    return wasOrdered ? await this.openReadSession(order, key, options) : undefined;
  }

  async signedInReadSession(id: bigint): Promise<bigint> {
    return await this.#opening().purse.signed(id);
  }

  async closeReadSession(
    id: bigint,
    { signal = new AbortController().signal }: StorageCallOptions = {},
  ): Promise<bigint> {
    const { transactions } = this.#needs;
    if (transactions === undefined) throw unsigned("closing a read session");
    this.#purse?.drop(id);
    return await closeSession({ ...this.#needs, transactions, signal }, id);
  }

  async put(source: ByteSource, options: PutOptions = {}): Promise<PutResult> {
    const size = source instanceof Uint8Array ? source.length : options.size;
    return await this.#write({ ...options, ...(size !== undefined && { size }) }, (writer) =>
      writer.put(source, options.encryption),
    );
  }

  async putMany(
    objects: Iterable<ByteSource> | AsyncIterable<ByteSource>,
    options: PutManyOptions = {},
  ): Promise<PutManyResult> {
    return await this.#write(options, async (writer) => {
      const objectRoots: Uint8Array[] = [];
      for await (const source of objects) objectRoots.push((await writer.put(source)).objectRoot);
      return { objectRoots };
    });
  }

  async putDirectory(
    files: Iterable<FileSource> | AsyncIterable<FileSource>,
    { key, ...options }: PutDirectoryOptions = {},
  ): Promise<PutResult> {
    return await this.#write(options, async (writer) => {
      const own = key && { key };
      const entries: DirectoryEntry[] = [];
      for await (const { path, source, encryption = own } of files) {
        requirePath(path);
        entries.push({ path, ...((await writer.putUnlessEmpty(source, encryption)) ?? EMPTY_FILE) });
      }
      const encryption = key && { key, salt: saltOfContent(key, encodeDirectory(entries)) };
      return await writer.put(piecesOf(encodeDirectory(entries)), encryption);
    });
  }

  async get(objectRoot: Uint8Array, options: GetOptions = {}): Promise<StoredObject> {
    return await this.#reader.open(objectRoot, options);
  }

  async openDirectory(objectRoot: Uint8Array, options: GetOptions = {}): Promise<StoredDirectory> {
    return new DirectoryReader(this.#reader, await this.get(objectRoot, options));
  }

  async list(objectRoot: Uint8Array, options: GetOptions = {}): Promise<readonly DirectoryEntry[]> {
    const entries: DirectoryEntry[] = [];
    for await (const entry of (await this.openDirectory(objectRoot, options)).files()) entries.push(entry);
    return entries;
  }

  async publish(
    stored: readonly Pick<StoredParts, "segments">[],
    options: PublishOptions = {},
  ): Promise<PublishedBatch[]> {
    const { provider, chainId, deployment, transactions, signer, store } = this.#needs;
    if (transactions === undefined || signer === undefined || store === undefined)
      throw unsigned("publishing");
    const { signal = new AbortController().signal, months = DEFAULT_MONTHS } = options;
    const committees = createCommitteeBook(provider, deployment);
    const committeeCount = createCommitteeCount(provider, deployment);
    const { members: membersOf } = committees;
    const using = {
      ...{ provider, chainId, deployment, transactions, committeeCount, membersOf },
      ...{ api: this.#api(), limits: this.#limits, store: store.under("publishing/") },
    };
    // One after the other: each sets the allowance that its own fee needs.
    return await this.#publishing.run("allowance", () =>
      publishSegments(using, stored, requireTerm(months), signal),
    );
  }

  async prove(
    batches: readonly Pick<PublishedBatch, "id" | "contents">[],
    { signal = new AbortController().signal }: StorageCallOptions = {},
  ): Promise<InclusionProof[]> {
    const { provider, deployment, store } = this.#needs;
    this.#ledger ??= new LogLedger({ provider, deployment, store: store?.under("log/") });
    return await proveInclusion(this.#ledger, batches, signal);
  }

  #opening(): Omit<OpeningNeeds, "signal"> & { readonly purse: ReadPurse } {
    const { provider, deployment, transactions, signer, store } = this.#needs;
    const purse = this.#purse;
    if (transactions === undefined || signer === undefined || store === undefined || purse === undefined)
      throw unsigned("opening a read session");
    const own = { store: store.under("reads/"), voucherSigner: signer.address, purse };
    return { provider, deployment, transactions, ...own };
  }

  /** Stores what `fill` puts; when it fails, nothing goes on behind its back. */
  async #write<Written>(
    { signal, onProgress, size }: PutManyOptions,
    fill: (writer: ObjectWriter) => Promise<Written>,
  ): Promise<Written & StoredParts> {
    const upload = this.#newUpload();
    const writer = new ObjectWriter(upload, {
      segmentsInFlight: this.#limits.segmentsInFlight,
      signal: signal ?? new AbortController().signal,
      onProgress: onProgress && ((progress) => onProgress({ ...progress, total: size })),
    });
    try {
      const written = await fill(writer);
      return { ...written, ...partsOf(await writer.finish(), upload) };
    } catch (error) {
      writer.abandon(error);
      throw error;
    }
  }

  #newUpload(): SegmentUpload {
    const { codec, chainId, provider, deployment, signer, store } = this.#needs;
    if (signer === undefined) throw unsigned("storing");
    return new SegmentUpload({
      ...{ codec, api: this.#api(), limits: this.#limits },
      committees: createCommitteeBook(provider, deployment),
      scope: { chainId, committee: contractAddress(deployment, "Committees") },
      journal: store && createUploadJournal(store.under("uploads/")),
    });
  }

  #api() {
    const { http, chainId, signer } = this.#needs;
    return createMemberApi({
      ...{ http, chainId, signer, purse: this.#purse },
      timeoutMs: this.#limits.requestMs,
    });
  }
}

/** What pays for reads; nothing for a client without key or store. @throws FatalError storage/no-signer when it is given sessions */
function openPurse({
  provider,
  deployment,
  chainId,
  signer,
  store,
  readSessions = [],
  readSessionFor: sessionFor,
}: StorageClientNeeds): ReadPurse | undefined {
  const sessions = deployment.contracts.ReadSessions?.address;
  if (sessions !== undefined && signer !== undefined && store !== undefined) {
    const needs = { provider, deployment, scope: { chainId, sessions }, signer, sessionFor };
    return new ReadPurse({ ...needs, store: store.under("reads/") }, readSessions);
  }
  if (readSessions.length > 0 || sessionFor !== undefined) throw unsigned("paying for reads");
  return undefined;
}

/** The same, one after the other, as a source. */
async function* piecesOf(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function requireTerm(months: number): number {
  if (Number.isInteger(months) && months >= 0 && months <= MAX_MONTHS) return months;
  throw new FatalError(
    "storage/bad-term",
    `a term is 0 (for ever) or 1 to ${MAX_MONTHS} months, not ${months}`,
    { months },
  );
}

function unsigned(act: string): FatalError {
  return new FatalError(
    "storage/no-signer",
    `${act} needs a key; make the client with a signer (and, to publish, a transaction sender and a store; to pay for reads, a store)`,
  );
}
