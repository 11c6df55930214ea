import { getAddress, hexlify } from "ethers";
import { IStreams__factory } from "../../typechain-types/factories/kv/interfaces/IStreams__factory.js";
import { contractOf } from "../runtime/chain/deployment.ts";
import { FatalError, RetryableError } from "../runtime/errors.ts";
import { pause } from "../runtime/pause.ts";
import { type Bytes, fromHex } from "../runtime/platform/bytes.ts";
import { announce, attestState, relay, type StoredBatch, signAnnouncement } from "./client/announcing.ts";
import type {
  AnnouncedWrite,
  BatchStatus,
  Change,
  KnownForgery,
  KvCallOptions,
  KvClient,
  KvClientNeeds,
  PageOptions,
  ProvenValue,
  ReadOptions,
  ReadPage,
  ReadValue,
  SignedWrite,
  StreamStatus,
  Trust,
  WriteOptions,
} from "./client/kvTypes.ts";
import { createNodeApi, type NodeApi } from "./client/nodeApi.ts";
import { SEEN_ALL } from "./format/limits.ts";
import { encodeStreamBatch } from "./format/streamBatch.ts";
import { streamIdOf } from "./format/streamId.ts";
import { entryProven } from "./state/valueProof.ts";

export type * from "./client/kvTypes.ts";
export { streamId } from "./format/streamId.ts";

const POLL_MS = 200;

/** A client of streams; it holds nothing open that is not given to it. */
export function createKvClient(needs: KvClientNeeds): KvClient {
  return new Client(needs);
}

class Client implements KvClient {
  readonly #needs: KvClientNeeds;
  readonly #nodes: NodeApi;
  #lastNonce = 0n;

  constructor(needs: KvClientNeeds) {
    this.#needs = needs;
    this.#nodes = createNodeApi(needs.http, needs.nodes ?? []);
  }

  async write(
    stream: string | Uint8Array,
    changes: readonly Change[],
    options: WriteOptions = {},
  ): Promise<AnnouncedWrite[]> {
    const { transactions } = this.#needs;
    if (transactions === undefined) throw unable("writing needs a transaction sender");
    const id = hexlify(streamIdOf(stream));
    if (changes.length === 0) return [];
    const stored = await this.#store(changes, options);
    return await announce(transactions, this.#needs, id, stored, signalOf(options));
  }

  async sign(
    stream: string | Uint8Array,
    changes: readonly Change[],
    options: WriteOptions = {},
  ): Promise<SignedWrite[]> {
    const { signer } = this.#needs;
    if (signer === undefined) throw unable("signing needs a key");
    const id = hexlify(streamIdOf(stream));
    const stored = await this.#store(changes, options);
    return await Promise.all(stored.map((batch) => signAnnouncement(signer, this.#needs, id, batch)));
  }

  async relay(
    writes: readonly SignedWrite[],
    options: KvCallOptions = {},
  ): Promise<(AnnouncedWrite | undefined)[]> {
    const { transactions } = this.#needs;
    if (transactions === undefined) throw unable("relaying needs a transaction sender");
    return writes.length === 0 ? [] : await relay(transactions, this.#needs, writes, signalOf(options));
  }

  async settled(
    stream: string | Uint8Array,
    version: number,
    options: KvCallOptions = {},
  ): Promise<BatchStatus> {
    const signal = signalOf(options);
    for (;;) {
      const status = await this.#batchOrNothing(stream, version, options);
      if (status?.state === "taken" || status?.state === "refused") return status;
      await pause(POLL_MS, signal);
      signal.throwIfAborted();
    }
  }

  async status(stream: string | Uint8Array, options: KvCallOptions = {}): Promise<StreamStatus> {
    return await this.#nodes.stream(hexlify(streamIdOf(stream)), signalOf(options));
  }

  async batch(
    stream: string | Uint8Array,
    version: number,
    options: KvCallOptions = {},
  ): Promise<BatchStatus> {
    return await this.#nodes.batch(hexlify(streamIdOf(stream)), version, signalOf(options));
  }

  async forgeries(stream: string | Uint8Array, options: KvCallOptions = {}): Promise<KnownForgery[]> {
    return await this.#nodes.forgeries(hexlify(streamIdOf(stream)), signalOf(options));
  }

  async get(stream: string | Uint8Array, key: Uint8Array, options: ReadOptions = {}): Promise<ReadValue> {
    return await this.#nodes.value(hexlify(streamIdOf(stream)), key, options, signalOf(options));
  }

  async page(stream: string | Uint8Array, options: PageOptions = {}): Promise<ReadPage> {
    return await this.#nodes.page(hexlify(streamIdOf(stream)), options, signalOf(options));
  }

  async *items(
    stream: string | Uint8Array,
    options: PageOptions = {},
  ): AsyncGenerator<ReadPage["items"][number]> {
    for (let page = await this.page(stream, options); ; ) {
      yield* page.items;
      const { version: at, next: from } = page;
      if (from === undefined) return;
      page = await this.page(stream, { ...options, at, from });
    }
  }

  async getProven(
    stream: string | Uint8Array,
    key: Uint8Array,
    { attesters }: Trust,
    options: KvCallOptions = {},
  ): Promise<ProvenValue> {
    const id = streamIdOf(stream);
    let trouble: unknown;
    for (const attester of attesters) {
      const attested = await this.#attested(id, attester);
      if (attested === undefined) continue;
      try {
        const entry = await this.#provenAt(id, key, attested, signalOf(options));
        return { ...attested, entry, attester: getAddress(attester) };
      } catch (error) {
        options.signal?.throwIfAborted();
        trouble = error;
      }
    }
    if (trouble !== undefined) throw trouble;
    throw new RetryableError(
      "kv/not-attested",
      "none of the trusted accounts has attested a state of the stream",
    );
  }

  async attest(
    stream: string | Uint8Array,
    options: KvCallOptions = {},
  ): Promise<Pick<StreamStatus, "version" | "root">> {
    const { transactions } = this.#needs;
    if (transactions === undefined) throw unable("attesting needs a transaction sender");
    const id = streamIdOf(stream);
    const { checkpoint } = await this.status(id, options);
    if (checkpoint === undefined)
      throw new RetryableError("kv/no-checkpoint", "the stream has no version yet that stays provable");
    await attestState(transactions, this.#needs, hexlify(id), checkpoint, signalOf(options));
    return checkpoint;
  }

  async #attested(id: Bytes, attester: string): Promise<{ version: number; root: Bytes } | undefined> {
    const { provider, deployment } = this.#needs;
    const streams = IStreams__factory.connect(contractOf(deployment, "Streams").address, provider);
    const { version, stateRoot } = await streams.attestationOf(id, attester);
    if (version === 0n) return undefined;
    return { version: Number(version), root: fromHex(stateRoot.slice(2)) };
  }

  async #provenAt(
    id: Bytes,
    key: Uint8Array,
    { version, root }: { readonly version: number; readonly root: Bytes },
    signal: AbortSignal,
  ): Promise<ProvenValue["entry"]> {
    const check = ({ entry, proof }: ReadValue): ProvenValue["entry"] => {
      if (proof === undefined) throw new FatalError("kv/bad-proof", "the node gave no proof");
      const { siblings, leaf } = proof;
      return entryProven(root, key, { number: version, entry, proof: { siblings, leaf } });
    };
    return await this.#nodes.proven(hexlify(id), key, version, check, signal);
  }

  /** A node may not have heard of a batch, or of its stream, yet. */
  async #batchOrNothing(
    stream: string | Uint8Array,
    version: number,
    options: KvCallOptions,
  ): Promise<BatchStatus | undefined> {
    try {
      return await this.batch(stream, version, options);
    } catch (error) {
      const code = (error as { readonly code?: unknown }).code;
      if (code === "kv/not-found" || code === "kv/unknown-stream") return undefined;
      throw error;
    }
  }

  /** Stores and publishes batches, so that whoever replays them finds them. */
  async #store(changes: readonly Change[], { months, signal }: WriteOptions): Promise<StoredBatch[]> {
    const { storage } = this.#needs;
    if (storage === undefined) throw unable("writing needs a storage client");
    const batches = changes.map(({ reads = [], writes = [], controls = [], seen = SEEN_ALL }) =>
      encodeStreamBatch({ seen, reads, writes, controls }),
    );
    const call = signal && { signal };
    const { objectRoots, segments } = await storage.putMany(batches, { ...call });
    await storage.publish([{ segments }], { ...call, ...(months !== undefined && { months }) });
    return objectRoots.map((objectRoot, i) => ({
      objectRoot,
      nonce: changes[i]!.nonce ?? this.#nextNonce(),
    }));
  }

  /** The time in microseconds, so that a later run of a program is above an earlier one. */
  #nextNonce(): bigint {
    const now = BigInt(Date.now()) * 1000n;
    this.#lastNonce = now > this.#lastNonce ? now : this.#lastNonce + 1n;
    return this.#lastNonce;
  }
}

function signalOf({ signal = new AbortController().signal }: KvCallOptions): AbortSignal {
  return signal;
}

function unable(what: string): FatalError {
  return new FatalError("kv/no-writer", `${what}; make the client with one`);
}
