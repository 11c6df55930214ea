import { type Codec, chooseShape, type EncodedSegment, type Shape } from "../../coding/codec.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { CommitteeBook } from "../chain/committeeBook.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { MAX_ROW_BYTES } from "../format/limits.ts";
import { type Pack, packTableBytes } from "../format/pack.ts";
import { encodeTableStrips } from "../format/packStrips.ts";
import { elementsOf, reaches, sizeOf, stateOf, stripOfSlot } from "../format/placement.ts";
import { type ReceiptScope, readReceipt, type SignedReceipt } from "../format/receipts.ts";
import { encodeUpload } from "../format/segmentFormat.ts";
import { BufferPool } from "./bufferPool.ts";
import type { ClientLimits, MemberFailure } from "./clientTypes.ts";
import { deliver, MemberHealth } from "./delivery.ts";
import type { MemberApi } from "./memberApi.ts";
import { Scout } from "./scout.ts";
import type { StoredSegment, UploadJournal } from "./uploadJournal.ts";

export interface SegmentUploadNeeds {
  readonly codec: Codec;
  readonly api: MemberApi;
  readonly scope: ReceiptScope;
  readonly limits: ClientLimits;
  readonly committees: CommitteeBook;
  readonly journal?: UploadJournal | undefined;
}

/** Those of two segments for a committee of sixteen. */
const keptBodies = 32;

/** A coded segment on its way to its members. */
interface Parcel {
  readonly encoded: EncodedSegment;
  readonly commitment: Uint8Array;
  readonly members: readonly CommitteeMember[];
}

interface UploadSteps {
  /** What is still to do once the rows are there. */
  readonly tell?: (parcel: Parcel) => Promise<void>;
  readonly isRead?: () => void;
}

/** Codes segments and brings them to the members of their committees, until each is final. */
export class SegmentUpload {
  readonly #needs: SegmentUploadNeeds;
  readonly #health = new MemberHealth();
  readonly #scout: Scout;
  readonly #bodies = new BufferPool(keptBodies);
  #bytesSent = 0;

  constructor(needs: SegmentUploadNeeds) {
    this.#needs = needs;
    this.#scout = new Scout(needs);
  }

  /** Bytes of all request bodies that a member has acknowledged. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** The last failure of each member that ever failed. */
  get failures(): readonly MemberFailure[] {
    return this.#health.failures;
  }

  /**
   * Stores bytes as one segment, unless the journal says that members hold it.
   * @throws RetryableError storage/not-final; FatalError storage/quota-exceeded, storage/credit-exceeded
   */
  async store(data: Uint8Array, signal: AbortSignal): Promise<StoredSegment> {
    return await this.#once(data, signal, {});
  }

  /**
   * Stores a pack, and tells its members what is in it.
   * @param isRead called when the bytes of the pack are not needed any more
   * @throws as `store`
   */
  async storePack(
    { bytes, entries }: Pack,
    signal: AbortSignal,
    isRead: () => void = () => undefined,
  ): Promise<StoredSegment> {
    const tableBytes = packTableBytes(entries.length);
    const tell = async (parcel: Parcel) =>
      await this.#tell(parcel, encodeTableStrips(parcel.encoded, tableBytes), signal);
    return await this.#once(bytes, signal, { tell, isRead });
  }

  async #once(data: Uint8Array, signal: AbortSignal, { tell, isRead }: UploadSteps): Promise<StoredSegment> {
    const { journal, codec, committees } = this.#needs;
    const shape = await this.#shapeOf(data.length);
    const entry = journal?.of(data, shape);
    const known = await entry?.find();
    if (known !== undefined) {
      isRead?.();
      return known;
    }
    const encoded = await codec.encode(data, shape, signal);
    isRead?.();
    try {
      const commitment = Uint8Array.from(encoded.commitment);
      const members = await committees.members(await committees.committeeOf(commitment));
      const parcel = { encoded, commitment, members };
      const slots = await this.#send(parcel, signal);
      await tell?.(parcel);
      const segment = { commitment, shape, slots };
      await entry?.note(segment);
      return segment;
    } finally {
      encoded.release();
    }
  }

  /** Rows are cut for the members of the first committee; others have about as many. */
  async #shapeOf(bytes: number): Promise<Shape> {
    const holders = (await this.#needs.committees.members(0)).length;
    return chooseShape(bytes, holders, { maxRowSize: MAX_ROW_BYTES, parityPerOriginal: 1 });
  }

  /** @returns slots that are signed for */
  async #send(parcel: Parcel, signal: AbortSignal): Promise<bigint> {
    const { api, scope, limits } = this.#needs;
    const { encoded, commitment, members } = parcel;
    const held = await this.#scout.held(parcel, signal);
    const receipts = await deliver<SignedReceipt>(members, {
      ...{ limits, health: this.#health, signal },
      isFinal: (some) => reaches(stateOf(sizeOf(coveredBy(some))), "final"),
      send: async (member, either) => {
        const strips = stripsToSend(member, commitment, held.get(member) ?? 0n);
        const body = encodeUpload(encoded, strips, (bytes) => this.#bodies.take(bytes));
        const answer = await api.putSegment(member, commitment, body, either);
        this.#bytesSent += body.length;
        // Only now: what was cut off may still be on its way to a socket.
        this.#bodies.give(body);
        return readReceipt(answer, scope, { commitment, shape: encoded.shape, signer: member.signer });
      },
    });
    const slots = coveredBy(receipts);
    this.#requireFinal("a segment", slots, signal);
    return slots;
  }

  async #tell({ commitment, members }: Parcel, strips: Uint8Array, signal: AbortSignal): Promise<void> {
    const { api, limits } = this.#needs;
    const told = await deliver<void>(members, {
      ...{ limits, health: this.#health, signal },
      isFinal: (some) => reaches(stateOf(sizeOf(slotsOfAll(some.keys()))), "final"),
      send: (member, either) => api.putPack(member, commitment, strips, either),
    });
    this.#bytesSent += strips.length * told.size;
    this.#requireFinal("the table of a pack", slotsOfAll(told.keys()), signal);
  }

  #requireFinal(part: string, slots: bigint, signal: AbortSignal): void {
    signal.throwIfAborted();
    const covered = sizeOf(slots);
    if (reaches(stateOf(covered), "final")) return;
    const { failures } = this;
    const details = { part, slotsCovered: covered, failures };
    const refusal = failures.find(({ code }) => REFUSALS.includes(code));
    if (refusal !== undefined)
      throw new FatalError(refusal.code, `${part} is not stored: ${refusal.reason}`, details);
    const first = failures[0];
    const why =
      first === undefined ? "too few slots have an owner" : `member ${first.member}: ${first.reason}`;
    throw new RetryableError(
      "storage/not-final",
      `${part} is held for ${covered} of 256 slots, 180 are needed (${why})`,
      details,
    );
  }
}

/** What no retry changes. */
const REFUSALS: readonly string[] = ["storage/quota-exceeded", "storage/credit-exceeded"];

/** Strips that a member does not hold; one that it holds when it holds all, as its receipt is wanted. */
function stripsToSend({ slots }: CommitteeMember, commitment: Uint8Array, held: bigint): number[] {
  const own = elementsOf(slots).map((slot) => stripOfSlot(slot, commitment));
  const missing = own.filter((strip) => ((held >> BigInt(strip)) & 1n) === 0n);
  return missing.length > 0 ? missing : own.slice(0, 1);
}

/** Slots that members own and have signed for. */
function coveredBy(receipts: ReadonlyMap<CommitteeMember, SignedReceipt>): bigint {
  let slots = 0n;
  for (const [member, receipt] of receipts) slots |= member.slots & receipt.slots;
  return slots;
}

function slotsOfAll(members: Iterable<CommitteeMember>): bigint {
  let slots = 0n;
  for (const member of members) slots |= member.slots;
  return slots;
}
