import { type Codec, rebuildAndCompare } from "../../coding/codec.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { type Manifest, type ManifestSegment, parseManifest } from "../format/manifest.ts";
import { nameOf } from "../format/names.ts";
import { originalStrips } from "../format/placement.ts";
import { checkHead, type SegmentHead } from "../format/segmentFormat.ts";
import { rowsOf } from "../format/stripFormat.ts";
import { checkRoot } from "../node/manifestRoutes.ts";
import type { ClientLimits, ReadReport, StorageCallOptions, StoredObject } from "./clientTypes.ts";
import { firstGood } from "./hedge.ts";
import type { MemberApi } from "./memberApi.ts";
import { isNotFound, ReadingLedger } from "./readingLedger.ts";
import { fetchStrips } from "./stripFetch.ts";

export interface DownloadNeeds {
  readonly codec: Codec;
  readonly api: MemberApi;
  readonly limits: ClientLimits;
  readonly members: readonly CommitteeMember[];
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/** Reads and checks the manifest of an object; its bytes are read while the result is iterated. */
export async function openObject(
  needs: DownloadNeeds,
  objectRoot: Uint8Array,
  options: StorageCallOptions = {},
): Promise<StoredObject> {
  const ledger = new ReadingLedger();
  const signal = options.signal ?? new AbortController().signal;
  const missing = new Set<CommitteeMember>();
  const manifest = await firstGood(
    needs.members,
    needs.limits.hedgeMs,
    signal,
    async (member, either) => {
      const bytes = await needs.api.manifest(member, objectRoot, either);
      checkRoot(objectRoot, bytes);
      return parseManifest(bytes);
    },
    (member, error) => {
      if (isNotFound(error)) missing.add(member);
      ledger.failed(member, objectRoot, error);
    },
  );
  if (manifest !== undefined) return new ObjectReader(needs, ledger, objectRoot, manifest, options);
  const name = nameOf(objectRoot);
  if (needs.members.length > 0 && missing.size === needs.members.length) {
    throw new FatalError("storage/not-found", `no member of the committee knows the object ${name}`, {
      name,
    });
  }
  const details = { name, failures: ledger.failures, blamed: ledger.blamed };
  throw new RetryableError(
    "storage/unavailable",
    `no member of the committee could serve the object ${name}`,
    details,
  );
}

class ObjectReader implements StoredObject {
  readonly objectRoot: Uint8Array;
  readonly manifest: Manifest;
  readonly #needs: DownloadNeeds;
  readonly #ledger: ReadingLedger;
  readonly #options: StorageCallOptions;
  readonly #miscoded: string[] = [];
  #rebuilt = 0;

  constructor(
    needs: DownloadNeeds,
    ledger: ReadingLedger,
    objectRoot: Uint8Array,
    manifest: Manifest,
    options: StorageCallOptions,
  ) {
    this.#needs = needs;
    this.#ledger = ledger;
    this.#options = options;
    this.objectRoot = objectRoot;
    this.manifest = manifest;
  }

  get size(): number {
    return this.manifest.size;
  }

  get report(): ReadReport {
    const { blamed, failures } = this.#ledger;
    return { blamed, failures, rebuilt: this.#rebuilt, miscoded: [...this.#miscoded] };
  }

  async bytes(maxBytes: number = DEFAULT_MAX_BYTES): Promise<Uint8Array> {
    if (this.size > maxBytes) {
      throw new FatalError(
        "storage/object-too-large",
        `the object has ${this.size} bytes, more than ${maxBytes}; iterate it`,
        {
          size: this.size,
          maxBytes,
        },
      );
    }
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for await (const chunk of this) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  /** Reads a few segments ahead; leaving the loop ends their requests. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const stop = new AbortController();
    const signals = [stop.signal, ...(this.#options.signal === undefined ? [] : [this.#options.signal])];
    const signal = AbortSignal.any(signals);
    const { segments } = this.manifest;
    const ahead: Promise<Uint8Array>[] = [];
    let next = 0;
    let done = 0;
    try {
      for (let index = 0; index < segments.length; index++) {
        while (ahead.length < this.#needs.limits.segmentsInFlight && next < segments.length) {
          const reading = this.#readSegment(segments[next++]!, signal);
          reading.catch(() => undefined);
          ahead.push(reading);
        }
        const data = await ahead.shift()!;
        done += data.length;
        this.#options.onProgress?.({ stage: "read", done, total: this.size, segments: index + 1 });
        yield data;
      }
    } finally {
      stop.abort();
    }
  }

  async #readSegment(
    { commitment, length, shape }: ManifestSegment,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { codec } = this.#needs;
    const head = await this.#readHead({ commitment, length, shape }, signal);
    const checker = await codec.checker(commitment, shape, head.rlc);
    const needs = { ...this.#needs, ledger: this.#ledger, signal };
    const strips = await fetchStrips(needs, commitment, head, checker);
    const rows = new Map([...strips.values()].flatMap((strip) => [...rowsOf(strip, shape)]));
    if ([...strips.keys()].some((number) => number >= originalStrips(shape))) this.#rebuilt++;
    const { data, consistent } = await rebuildAndCompare(codec, commitment, shape, rows, signal);
    if (!consistent) this.#miscoded.push(nameOf(commitment));
    return data.subarray(0, length);
  }

  async #readHead({ commitment, shape }: ManifestSegment, signal: AbortSignal): Promise<SegmentHead> {
    const { api, limits, members } = this.#needs;
    const usable = members.filter((member) => this.#ledger.isUsable(member));
    const rest = members.filter((member) => !this.#ledger.isUsable(member));
    const head = await firstGood(
      [...usable, ...rest],
      limits.hedgeMs,
      signal,
      async (member, either) => {
        const found = await api.head(member, commitment, either);
        checkHead(found, commitment);
        return found;
      },
      (member, error) => this.#ledger.failed(member, commitment, error),
    );
    const same =
      head?.shape.k === shape.k && head.shape.n === shape.n && head.shape.rowSize === shape.rowSize;
    if (head !== undefined && same) return head;
    const name = nameOf(commitment);
    if (head !== undefined) {
      throw new FatalError(
        "storage/bad-manifest",
        `the manifest gives segment ${name} another shape than it has`,
        { name },
      );
    }
    const { failures, blamed } = this.#ledger;
    const details = { name, failures, blamed };
    throw new RetryableError(
      "storage/too-few-rows",
      `no member could serve the head of segment ${name}`,
      details,
    );
  }
}
