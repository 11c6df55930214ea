import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import { compareBytes, sameBytes } from "../../runtime/platform/bytes.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { ObjectLocation } from "../format/locations.ts";
import { nameOf } from "../format/names.ts";
import { nameOfItem, type PackItem, parsePackTable } from "../format/pack.ts";
import { firstGood } from "./hedge.ts";
import type { MemberApi } from "./memberApi.ts";
import { isNotFound, type ReadingLedger } from "./readingLedger.ts";
import type { Reading, SegmentReader, SegmentReaderNeeds } from "./segmentReader.ts";

/** Names whose place is remembered. */
const MAX_KNOWN = 16_384;
/** Places of one member that are tried before the next one is asked: one liar can't hold a search up. */
const TRIES_A_TURN = 4;
/** Places that are tried in all before a search is given up. */
const MAX_TRIES = 256;

/**
 * Finds packed objects and manifests by name. Where one lies is a claim of whoever stored it there: the bytes are checked
 * against the name, and the next place is tried. A pack that is read from twice is read whole, and its table remembered, so
 * that many objects of one pack cost one segment.
 */
export class ItemFinder {
  readonly #needs: SegmentReaderNeeds;
  readonly #reader: SegmentReader;
  readonly #known = new Map<string, ObjectLocation>();
  readonly #packs = new KeyedLock();

  constructor(needs: SegmentReaderNeeds, reader: SegmentReader) {
    this.#needs = needs;
    this.#reader = reader;
  }

  /**
   * The item of this name, checked against it.
   * @throws FatalError storage/not-found when every member says that it knows of none
   * @throws RetryableError storage/too-few-rows when it has a place but can't be read there, else storage/unavailable
   */
  async find(name: Uint8Array, reading: Reading): Promise<PackItem> {
    const known = this.#known.get(nameOf(name));
    const search = new Search(name, reading, this.#needs.api, (place) => this.#read(place, reading));
    const item =
      (known === undefined ? undefined : await search.try(known)) ??
      (await search.run(await this.#needs.committees.everybody(), this.#needs.limits.hedgeMs));
    this.#remember(nameOf(name), search.found!);
    return item;
  }

  async #read(place: ObjectLocation, reading: Reading): Promise<Uint8Array> {
    const { offset, length } = place;
    return await this.#packs.run(nameOf(place.commitment), async () => {
      reading.signal.throwIfAborted();
      if (this.#reader.kept(place) !== "some")
        return await this.#reader.part(place, offset, offset + length, reading);
      const pack = await this.#reader.whole(place, reading, true);
      this.#learn(place, pack);
      return pack.slice(offset, offset + length);
    });
  }

  /** What a pack's table says is a claim too, and may save a search. */
  #learn({ commitment, shape }: ObjectLocation, pack: Uint8Array): void {
    try {
      for (const { name, kind, offset, length } of parsePackTable(pack)) {
        if (offset + length <= pack.length && !this.#known.has(nameOf(name)))
          this.#remember(nameOf(name), { commitment, shape, kind, offset, length });
      }
    } catch (error) {
      // A segment may be said to be a pack and be none; then there is nothing to learn.
      if (!(error instanceof FatalError)) throw error;
    }
  }

  #remember(name: string, place: ObjectLocation): void {
    this.#known.delete(name);
    this.#known.set(name, place);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** One search: who is still to be asked, what has been tried, and how it went. */
class Search {
  readonly #name: Uint8Array;
  readonly #reading: Reading;
  readonly #api: MemberApi;
  readonly #read: (place: ObjectLocation) => Promise<Uint8Array>;
  readonly #tried = new Set<string>();
  readonly #ignorant = new Set<CommitteeMember>();
  /** Why a place that may be the right one could not be read. */
  #failure: RetryableError | undefined;
  /** Where the item was. */
  found: ObjectLocation | undefined;

  constructor(
    name: Uint8Array,
    reading: Reading,
    api: MemberApi,
    read: (place: ObjectLocation) => Promise<Uint8Array>,
  ) {
    this.#name = name;
    this.#reading = reading;
    this.#api = api;
    this.#read = read;
  }

  /** Asks members in turns, each for a few places more, until one holds the item. */
  async run(members: readonly CommitteeMember[], hedgeMs: number): Promise<PackItem> {
    const { ledger, signal } = this.#reading;
    const waiting = new Set(this.#order(members).map((member) => new Claims(member, this.#name, this.#api)));
    while (waiting.size > 0 && this.#tried.size < MAX_TRIES) {
      const turn = await firstGood(
        [...waiting],
        hedgeMs,
        signal,
        async (claims, either) => ({ claims, places: await claims.next(either) }),
        (claims, error) => {
          waiting.delete(claims);
          if (!isNotFound(error)) ledger.failed(claims.member, this.#name, error);
          else if (!claims.hasAnswered) this.#ignorant.add(claims.member);
        },
      );
      if (turn === undefined) break;
      turn.claims.drop(turn.places);
      waiting.delete(turn.claims);
      if (turn.places.length > 0) waiting.add(turn.claims);
      for (const place of turn.places) {
        const item = await this.try(place);
        if (item !== undefined) return item;
      }
    }
    if (this.#failure !== undefined) throw this.#failure;
    const isUnknown = members.length > 0 && this.#ignorant.size === members.length;
    throw isUnknown ? unknown(this.#name) : unavailable(this.#name, ledger);
  }

  /** Each name begins with another member, which spreads what is asked; who has failed comes last. */
  #order(members: readonly CommitteeMember[]): CommitteeMember[] {
    const { ledger } = this.#reading;
    const start = members.length === 0 ? 0 : this.#name[0]! % members.length;
    const turned = [...members.slice(start), ...members.slice(0, start)].filter(
      (member) => !ledger.isBlamed(member),
    );
    return [
      ...turned.filter((member) => ledger.isUsable(member)),
      ...turned.filter((member) => !ledger.isUsable(member)),
    ];
  }

  /** The item, if it lies there. */
  async try(place: ObjectLocation): Promise<PackItem | undefined> {
    const { kind, offset, length, commitment, shape } = place;
    const key = [nameOf(commitment), shape.k, shape.n, shape.rowSize, kind, offset, length].join("/");
    if (this.#tried.has(key)) return undefined;
    this.#tried.add(key);
    try {
      const item = { kind, bytes: await this.#read(place) };
      if (!sameBytes(nameOfItem(item), this.#name)) return undefined;
      this.found = place;
      return item;
    } catch (error) {
      this.#reading.signal.throwIfAborted();
      if (error instanceof RetryableError) this.#failure = error;
      // Nothing was stored in that shape: a lie like any other.
      else if (!(error instanceof FatalError)) throw error;
      return undefined;
    }
  }
}

/** What one member claims, a few places at a time, page after page. */
class Claims {
  readonly member: CommitteeMember;
  readonly #name: Uint8Array;
  readonly #api: MemberApi;
  #page: readonly ObjectLocation[] = [];
  #last: Uint8Array | undefined;

  constructor(member: CommitteeMember, name: Uint8Array, api: MemberApi) {
    this.member = member;
    this.#name = name;
    this.#api = api;
  }

  get hasAnswered(): boolean {
    return this.#last !== undefined;
  }

  /** The next few places; they stay the next ones until they are dropped. @throws FatalError storage/bad-location */
  async next(signal: AbortSignal): Promise<readonly ObjectLocation[]> {
    if (this.#page.length === 0) {
      const page = await this.#api.locations(this.member, this.#name, signal, this.#last);
      // Another member has answered first: this one is asked for the same page again.
      signal.throwIfAborted();
      this.#last = lastOf(page, this.#last);
      this.#page = page;
    }
    return this.#page.slice(0, TRIES_A_TURN);
  }

  drop(places: readonly ObjectLocation[]): void {
    this.#page = this.#page.slice(places.length);
  }
}

/** @throws FatalError storage/bad-location unless places rise by their segments, so that pages come to an end */
function lastOf(page: readonly ObjectLocation[], before: Uint8Array | undefined): Uint8Array | undefined {
  let last = before;
  for (const { commitment } of page) {
    if (last !== undefined && compareBytes(last, commitment) >= 0)
      throw new FatalError("storage/bad-location", "the places of an object do not rise by their segments");
    last = commitment;
  }
  return last;
}

function unknown(name: Uint8Array): FatalError {
  return new FatalError("storage/not-found", `no member of any committee knows the object ${nameOf(name)}`, {
    name: nameOf(name),
  });
}

function unavailable(name: Uint8Array, { failures, blamed }: ReadingLedger): RetryableError {
  return new RetryableError(
    "storage/unavailable",
    `no member of any committee could serve the object ${nameOf(name)}`,
    { name: nameOf(name), failures, blamed },
  );
}
