import type { Provider } from "ethers";
import type { Deployment } from "../../runtime/context.ts";
import { RetryableError } from "../../runtime/errors.ts";
import { type CommitteeMember, createCommitteeView } from "./committeeView.ts";
import { committeeOf, createCommitteeCount } from "./rendezvous.ts";

/** Who serves where, as one piece of work needs it: read when first asked for, and again once in a while. */
export interface CommitteeBook {
  /** Number of open committees, at least 1. */
  count(): Promise<number>;
  /** @throws RetryableError storage/no-committee when nobody serves there yet */
  members(committee: number): Promise<readonly CommitteeMember[]>;
  /** Number of the committee that a segment belongs to. */
  committeeOf(commitment: Uint8Array): Promise<number>;
}

/** Long work sees who has come and gone in between. */
const TTL_MS = 10_000;

export function createCommitteeBook(provider: Provider, deployment: Deployment): CommitteeBook {
  const count = createCommitteeCount(provider, deployment, TTL_MS);
  const views = new Map<number, ReturnType<typeof createCommitteeView>>();
  const viewOf = (committee: number) => {
    const known = views.get(committee);
    if (known !== undefined) return known;
    const view = createCommitteeView(provider, deployment, { committee, ttlMs: TTL_MS });
    views.set(committee, view);
    return view;
  };
  return {
    count: async () => Math.max(1, await count()),
    async members(committee) {
      const view = viewOf(committee);
      const { members } = await view.current();
      if (members.length > 0) return members;
      throw new RetryableError(
        "storage/no-committee",
        `committee ${committee} of ${view.address} has no member yet`,
      );
    },
    committeeOf: async (commitment) => committeeOf(commitment, await count()),
  };
}
