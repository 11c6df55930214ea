import { hexlify, randomBytes } from "ethers";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { Answers } from "../commitments.ts";
import { padded } from "../receiptJournal.ts";

interface AuditNote {
  readonly claim: bigint;
}

/** Audits for which this verifier was drawn, and what it has committed to: a safety store. */
export class AuditBook {
  readonly #notes: Records<AuditNote>;
  readonly #answers: Records<Answers>;

  constructor(store: Store) {
    this.#notes = createRecords(store, "audits/", plainFormat());
    this.#answers = createRecords(store, "answers/", plainFormat());
  }

  /** True when the audit was not known before. */
  track(claim: bigint): Promise<boolean> {
    return this.#notes.putIfAbsent(padded(claim), { claim });
  }

  async tracked(): Promise<bigint[]> {
    const claims: bigint[] = [];
    for await (const [, note] of this.#notes.scan()) claims.push(note.claim);
    return claims;
  }

  forget(claim: bigint): Promise<void> {
    return this.#notes.delete(padded(claim));
  }

  /** What was settled on for this audit and round; undefined before. */
  answers(claim: bigint, round: bigint): Promise<Answers | undefined> {
    return this.#answers.get(keyOf(claim, round));
  }

  /** Settles on answers once and for all: whoever comes second gets those of the first. */
  async settleOn(claim: bigint, round: bigint, responseDigests: readonly string[]): Promise<Answers> {
    const answers: Answers = { responseDigests, salt: hexlify(randomBytes(32)) };
    if (await this.#answers.putIfAbsent(keyOf(claim, round), answers)) return answers;
    return (await this.answers(claim, round))!;
  }
}

function keyOf(claim: bigint, round: bigint): string {
  return `${padded(claim)}/${padded(round)}`;
}
