import type { Shape } from "../../coding/codec.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { ClientLimits } from "./clientTypes.ts";
import type { MemberApi } from "./memberApi.ts";
import { isNotFound } from "./readingLedger.ts";

interface ScoutNeeds {
  readonly api: Pick<MemberApi, "strips">;
  readonly limits: Pick<ClientLimits, "hedgeMs">;
}

interface Sought {
  readonly commitment: Uint8Array;
  readonly encoded: { readonly shape: Shape };
  readonly members: readonly CommitteeMember[];
}

/** Asks members what they hold already, so that a put which was cut off, or somebody else's, is not sent again. */
export class Scout {
  readonly #needs: ScoutNeeds;
  /** Operators that gave no answer in time; they are not asked again. */
  readonly #silent = new Set<string>();

  constructor(needs: ScoutNeeds) {
    this.#needs = needs;
  }

  /**
   * Strips that each member says it holds of a segment; a claim, which its receipt makes good. One member is asked first:
   * a segment that it does not know is taken for new.
   */
  async held(sought: Sought, signal: AbortSignal): Promise<ReadonlyMap<CommitteeMember, bigint>> {
    const asked = sought.members.filter(({ operator }) => !this.#silent.has(operator));
    const [first, ...others] = asked;
    if (first === undefined) return new Map();
    const strips = await this.#ask(first, sought, signal);
    if (strips === 0n) return new Map();
    const rest = await Promise.all(
      others.map(async (member) => [member, await this.#ask(member, sought, signal)] as const),
    );
    return new Map([[first, strips], ...rest]);
  }

  async #ask(member: CommitteeMember, { commitment, encoded }: Sought, signal: AbortSignal): Promise<bigint> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(this.#needs.limits.hedgeMs)]);
    try {
      return (await this.#needs.api.strips(member, commitment, encoded.shape, [], late)).held;
    } catch (error) {
      signal.throwIfAborted();
      if (!isNotFound(error)) this.#silent.add(member.operator);
      return 0n;
    }
  }
}
