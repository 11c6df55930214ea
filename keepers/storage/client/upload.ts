import { type Codec, chooseShape } from "../../coding/codec.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { MAX_ROW_BYTES } from "../format/limits.ts";
import { encodeManifest, type Manifest, type ManifestSegment, objectRoot } from "../format/manifest.ts";
import { elementsOf, reaches, type StorageState, sizeOf, stateOf, stripOfSlot } from "../format/placement.ts";
import { type ReceiptScope, readReceipt, type SignedReceipt } from "../format/receipts.ts";
import { encodeUpload } from "../format/segmentFormat.ts";
import type { ClientLimits, PutOptions, PutResult } from "./clientTypes.ts";
import { deliver, MemberHealth } from "./delivery.ts";
import type { MemberApi } from "./memberApi.ts";
import { cutSegments } from "./segmentSource.ts";

export interface UploadNeeds {
  readonly codec: Codec;
  readonly api: MemberApi;
  readonly scope: ReceiptScope;
  readonly limits: ClientLimits;
  readonly members: readonly CommitteeMember[];
}

interface StoredSegment {
  readonly entry: ManifestSegment;
  readonly receipts: readonly SignedReceipt[];
  readonly slots: bigint;
}

/** Codes, sends and confirms one object. */
export async function putObject(
  needs: UploadNeeds,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  options: PutOptions = {},
): Promise<PutResult> {
  const upload = new Upload(needs, options, source instanceof Uint8Array ? source.length : options.size);
  return await upload.run(source);
}

class Upload {
  readonly #needs: UploadNeeds;
  readonly #options: PutOptions;
  readonly #total: number | undefined;
  readonly #health = new MemberHealth();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #stored: StoredSegment[] = [];
  #done = 0;
  #bytesSent = 0;

  constructor(needs: UploadNeeds, options: PutOptions, total: number | undefined) {
    this.#needs = needs;
    this.#options = options;
    this.#total = total;
    const signals = [this.#stop.signal, ...(options.signal === undefined ? [] : [options.signal])];
    this.#signal = AbortSignal.any(signals);
  }

  async run(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<PutResult> {
    try {
      await this.#storeSegments(source);
      const manifest = this.#manifest();
      const bytes = encodeManifest(manifest);
      const root = objectRoot(bytes);
      const manifestSlots = await this.#storeManifest(root, bytes);
      return this.#result(root, manifest, manifestSlots);
    } finally {
      this.#stop.abort();
    }
  }

  /** Keeps a few segments in flight; the first that fails ends the others. */
  async #storeSegments(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const running = new Set<Promise<void>>();
    let failed: { readonly error: unknown } | undefined;
    let index = 0;
    try {
      for await (const data of cutSegments(source)) {
        const task: Promise<void> = this.#storeSegment(index++, data)
          .catch((error: unknown) => {
            failed ??= { error };
          })
          .finally(() => running.delete(task));
        running.add(task);
        while (running.size >= this.#needs.limits.segmentsInFlight) await Promise.race(running);
        if (failed !== undefined) break;
      }
    } catch (error) {
      failed ??= { error };
    }
    if (failed !== undefined) this.#stop.abort(failed.error);
    await Promise.all(running);
    if (failed !== undefined) throw failed.error;
  }

  async #storeSegment(index: number, data: Uint8Array): Promise<void> {
    const { codec, members, api, scope, limits } = this.#needs;
    const limitsOfRow = { maxRowSize: MAX_ROW_BYTES, parityPerOriginal: 1 } as const;
    const shape = chooseShape(data.length, members.length, limitsOfRow);
    const encoded = await codec.encode(data, shape, this.#signal);
    try {
      const commitment = Uint8Array.from(encoded.commitment);
      const send = async (member: CommitteeMember, signal: AbortSignal) => {
        const body = encodeUpload(
          encoded,
          elementsOf(member.slots).map((slot) => stripOfSlot(slot, commitment)),
        );
        const answer = await api.putSegment(member, commitment, body, signal);
        this.#bytesSent += body.length;
        return readReceipt(answer, scope, { commitment, shape, signer: member.signer });
      };
      const isFinal = (answers: ReadonlyMap<CommitteeMember, SignedReceipt>) =>
        reaches(stateOf(sizeOf(coveredBy(answers))), "final");
      const rules = { limits, health: this.#health, signal: this.#signal, send, isFinal };
      const receipts = await deliver(members, rules);
      const slots = coveredBy(receipts);
      this.#requireFinal(`segment ${index}`, slots);
      const entry = { commitment, length: data.length, shape };
      this.#stored[index] = { entry, receipts: [...receipts.values()], slots };
      this.#progress(data.length);
    } finally {
      encoded.release();
    }
  }

  async #storeManifest(root: Uint8Array, bytes: Uint8Array): Promise<bigint> {
    const { members, api, limits } = this.#needs;
    const answers = await deliver(members, {
      limits,
      health: this.#health,
      signal: this.#signal,
      send: (member, signal) => api.putManifest(member, root, bytes, signal),
      isFinal: (some) => reaches(stateOf(sizeOf(slotsOfAll(some.keys()))), "final"),
    });
    this.#bytesSent += bytes.length * answers.size;
    const slots = slotsOfAll(answers.keys());
    this.#requireFinal("the manifest", slots);
    return slots;
  }

  #requireFinal(part: string, slots: bigint): void {
    this.#signal.throwIfAborted();
    const covered = sizeOf(slots);
    if (reaches(stateOf(covered), "final")) return;
    const failures = this.#health.failures;
    const first = failures[0];
    const why =
      first === undefined ? "too few slots have an owner" : `member ${first.member}: ${first.reason}`;
    const details = { part, slotsCovered: covered, failures };
    const quota = failures.find(({ code }) => code === "storage/quota-exceeded");
    if (quota !== undefined)
      throw new FatalError("storage/quota-exceeded", `${part} is not stored: ${quota.reason}`, details);
    throw new RetryableError(
      "storage/not-final",
      `${part} is held for ${covered} of 256 slots, 180 are needed (${why})`,
      details,
    );
  }

  #manifest(): Manifest {
    const segments = this.#stored.map(({ entry }) => entry);
    return { size: segments.reduce((sum, { length }) => sum + length, 0), segments };
  }

  #result(root: Uint8Array, manifest: Manifest, manifestSlots: bigint): PutResult {
    const covered = [manifestSlots, ...this.#stored.map(({ slots }) => slots)].map(sizeOf);
    const slotsCovered = Math.min(...covered);
    const state: StorageState = stateOf(slotsCovered);
    return {
      objectRoot: root,
      size: manifest.size,
      manifest,
      receipts: this.#stored.map(({ receipts }) => receipts),
      state,
      slotsCovered,
      bytesSent: this.#bytesSent,
      failures: this.#health.failures,
    };
  }

  #progress(bytes: number): void {
    this.#done += bytes;
    const segments = this.#stored.filter((segment) => segment !== undefined).length;
    this.#options.onProgress?.({ stage: "store", done: this.#done, total: this.#total, segments });
  }
}

/** Slots that members own and have signed for. */
function coveredBy(answers: ReadonlyMap<CommitteeMember, SignedReceipt>): bigint {
  let slots = 0n;
  for (const [member, receipt] of answers) slots |= member.slots & receipt.slots;
  return slots;
}

function slotsOfAll(members: Iterable<CommitteeMember>): bigint {
  let slots = 0n;
  for (const member of members) slots |= member.slots;
  return slots;
}
