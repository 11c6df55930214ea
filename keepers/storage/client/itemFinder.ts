import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { CommitteeBook } from "../chain/committeeBook.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { MAX_LOCATIONS, type ObjectLocation } from "../format/locations.ts";
import { nameOf } from "../format/names.ts";
import { nameOfItem, type PackItem } from "../format/pack.ts";
import type { ClientLimits } from "./clientTypes.ts";
import { firstGood } from "./hedge.ts";
import type { MemberApi } from "./memberApi.ts";
import { isNotFound, type ReadingLedger } from "./readingLedger.ts";
import type { SegmentReader } from "./segmentReader.ts";

export interface ItemFinderNeeds {
  readonly api: MemberApi;
  readonly limits: ClientLimits;
  readonly committees: CommitteeBook;
}

/** One search: what has been tried, and how it went. */
interface Search {
  readonly name: Uint8Array;
  readonly signal: AbortSignal;
  readonly tried: Set<string>;
  /** Whether everybody who was asked knows nothing of the name. */
  isUnknown: boolean;
  /** Why a place that may be the right one could not be read. */
  failure?: unknown;
}

/**
 * Finds packed objects and manifests by name. Where one lies is a claim of whoever stored it there: the bytes are checked
 * against the name, and the next place is tried.
 */
export class ItemFinder {
  readonly #needs: ItemFinderNeeds;
  readonly #ledger: ReadingLedger;
  readonly #reader: SegmentReader;

  constructor(needs: ItemFinderNeeds, ledger: ReadingLedger, reader: SegmentReader) {
    this.#needs = needs;
    this.#ledger = ledger;
    this.#reader = reader;
  }

  /** @throws FatalError storage/not-found; RetryableError storage/unavailable, storage/too-few-rows */
  async find(name: Uint8Array, signal: AbortSignal): Promise<PackItem> {
    const search: Search = { name, signal, tried: new Set(), isUnknown: true };
    const count = await this.#needs.committees.count();
    for (let committee = 0; committee < count; committee++) {
      const item = await this.#findIn(await this.#needs.committees.members(committee), search);
      if (item !== undefined) return item;
    }
    if (search.failure !== undefined) throw search.failure;
    throw search.isUnknown ? unknown(name) : unavailable(name, this.#ledger);
  }

  /** Asks members, until one names a place that holds the item. */
  async #findIn(members: readonly CommitteeMember[], search: Search): Promise<PackItem | undefined> {
    const waiting = new Set(members.filter((member) => !this.#ledger.isBlamed(member)));
    if (waiting.size < members.length) search.isUnknown = false;
    while (waiting.size > 0) {
      const answer = await firstGood(
        [...waiting],
        this.#needs.limits.hedgeMs,
        search.signal,
        async (member, either) => {
          return { member, places: await this.#needs.api.locations(member, search.name, either) };
        },
        (member, error) => {
          waiting.delete(member);
          if (isNotFound(error)) return;
          search.isUnknown = false;
          this.#ledger.failed(member, search.name, error);
        },
      );
      if (answer === undefined) return undefined;
      waiting.delete(answer.member);
      search.isUnknown = false;
      const item = await this.#tryAll(answer.member, answer.places, search);
      if (item !== undefined) return item;
    }
    return undefined;
  }

  /** Tries a member's places, page by page. */
  async #tryAll(
    member: CommitteeMember,
    first: readonly ObjectLocation[],
    search: Search,
  ): Promise<PackItem | undefined> {
    for (let places = first; places.length > 0; ) {
      for (const place of places) {
        const item = await this.#try(place, search);
        if (item !== undefined) return item;
      }
      if (places.length < MAX_LOCATIONS) return undefined;
      const after = places.at(-1)!.commitment;
      places = await this.#needs.api.locations(member, search.name, search.signal, after).catch(() => []);
      search.signal.throwIfAborted();
    }
    return undefined;
  }

  async #try(place: ObjectLocation, search: Search): Promise<PackItem | undefined> {
    const { kind, offset, length } = place;
    const key = `${nameOf(place.commitment)}/${kind}/${offset}/${length}`;
    if (search.tried.has(key)) return undefined;
    search.tried.add(key);
    try {
      const bytes = await this.#reader.part(place, offset, offset + length, search.signal);
      const item = { kind, bytes };
      return Buffer.compare(nameOfItem(item), search.name) === 0 ? item : undefined;
    } catch (error) {
      search.signal.throwIfAborted();
      // A place that says a wrong shape is a lie; another may be true.
      if (error instanceof RetryableError) search.failure = error;
      return undefined;
    }
  }
}

function unknown(name: Uint8Array): FatalError {
  return new FatalError("storage/not-found", `no member of any committee knows the object ${nameOf(name)}`, {
    name: nameOf(name),
  });
}

function unavailable(name: Uint8Array, { failures, blamed }: ReadingLedger): RetryableError {
  const details = { name: nameOf(name), failures, blamed };
  return new RetryableError(
    "storage/unavailable",
    `no member of any committee could serve the object ${nameOf(name)}`,
    details,
  );
}
