import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import { readSession, type SessionTerms } from "../chainReads.ts";
import type { ComputeContracts } from "../contracts.ts";
import { padded } from "../receiptJournal.ts";

/** What the provider itself remembers of a session. */
interface SessionNote {
  readonly id: bigint;
  /** The client has said that it wants no more answers. */
  readonly finished: boolean;
}

/** Terms may be this old when an answer is given; closing a session leaves the provider time to claim. */
const FRESH_MS = 2_000;
const KEPT_TERMS = 1024;

/** A claim that is neither settled nor void. */
interface ClaimNote {
  readonly id: bigint;
}

/** The sessions that this provider has a duty to. */
export class SessionBook {
  readonly #contracts: ComputeContracts;
  readonly #notes: Records<SessionNote>;
  readonly #claims: Records<ClaimNote>;
  readonly #terms = new Map<bigint, { terms: SessionTerms; readAt: number }>();

  constructor(store: Store, contracts: ComputeContracts) {
    this.#contracts = contracts;
    this.#notes = createRecords(store, "sessions/", plainFormat());
    this.#claims = createRecords(store, "claims/", plainFormat());
  }

  /** Terms that may be a few seconds old; undefined for an unknown session. */
  async terms(id: bigint): Promise<SessionTerms | undefined> {
    const kept = this.#terms.get(id);
    if (kept !== undefined && Date.now() - kept.readAt < FRESH_MS) return kept.terms;
    return this.freshTerms(id);
  }

  async freshTerms(id: bigint): Promise<SessionTerms | undefined> {
    const terms = await readSession(this.#contracts, id);
    if (terms === undefined) return undefined;
    this.#terms.delete(id);
    this.#terms.set(id, { terms, readAt: Date.now() });
    const [oldest] = this.#terms.keys();
    if (this.#terms.size > KEPT_TERMS) this.#terms.delete(oldest!);
    return terms;
  }

  async track(id: bigint): Promise<void> {
    await this.#notes.putIfAbsent(padded(id), { id, finished: false });
  }

  async finish(id: bigint): Promise<void> {
    await this.#notes.put(padded(id), { id, finished: true });
  }

  async isFinished(id: bigint): Promise<boolean> {
    return (await this.#notes.get(padded(id)))?.finished ?? false;
  }

  async tracked(): Promise<bigint[]> {
    const ids: bigint[] = [];
    for await (const [, note] of this.#notes.scan()) ids.push(note.id);
    return ids;
  }

  async trackClaim(session: bigint, id: bigint): Promise<void> {
    await this.#claims.putIfAbsent(`${padded(session)}/${padded(id)}`, { id });
  }

  async claims(session: bigint): Promise<bigint[]> {
    const ids: bigint[] = [];
    for await (const [, note] of this.#claims.scan({ prefix: `${padded(session)}/` })) ids.push(note.id);
    return ids;
  }

  async forgetClaim(session: bigint, id: bigint): Promise<void> {
    await this.#claims.delete(`${padded(session)}/${padded(id)}`);
  }

  async forget(id: bigint): Promise<void> {
    this.#terms.delete(id);
    await this.#notes.delete(padded(id));
  }
}
