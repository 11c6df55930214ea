import { FatalError } from "../../runtime/errors.ts";
import { HttpError } from "../../runtime/http/errors.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { nameOf } from "../format/names.ts";
import type { Blame, MemberFailure, ReadReport } from "./clientTypes.ts";
import { failureOf } from "./delivery.ts";

/** What one reading has met: who failed and who lied, neither of whom is asked again while others can answer; what was rebuilt. */
export class ReadingLedger {
  readonly #blamed = new Map<string, Blame>();
  readonly #failed = new Map<string, MemberFailure>();
  readonly #rebuilt = new Set<string>();
  readonly #miscoded = new Set<string>();

  isBlamed(member: CommitteeMember): boolean {
    return this.#blamed.has(member.operator);
  }

  isUsable(member: CommitteeMember): boolean {
    return !this.#blamed.has(member.operator) && !this.#failed.has(member.operator);
  }

  /** Notes why a member was no use: it is to blame when what it sent is wrong, not when it was silent or has nothing. */
  failed(member: CommitteeMember, subject: Uint8Array, error: unknown): void {
    const { operator } = member;
    const failure = failureOf(member, error);
    if (error instanceof FatalError && !(error instanceof HttpError)) {
      this.#blamed.set(operator, { ...failure, operator, subject: nameOf(subject) });
    } else if (!isNotFound(error)) {
      this.#failed.set(operator, failure);
    }
  }

  /** Notes a segment that was rebuilt with parity rows. */
  rebuilt(commitment: Uint8Array): void {
    this.#rebuilt.add(nameOf(commitment));
  }

  /** Notes a segment whose bytes code to another commitment. */
  miscoded(commitment: Uint8Array): void {
    this.#miscoded.add(nameOf(commitment));
  }

  get blamed(): Blame[] {
    return [...this.#blamed.values()];
  }

  get failures(): MemberFailure[] {
    return [...this.#failed.values()];
  }

  get report(): ReadReport {
    const { blamed, failures } = this;
    return { blamed, failures, rebuilt: this.#rebuilt.size, miscoded: [...this.#miscoded] };
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof HttpError && error.status === 404;
}
