import type { Provider } from "ethers";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { RetryableError } from "../../runtime/errors.ts";
import { type CommitteeMember, type CommitteeView, createCommitteeView } from "./committeeView.ts";
import { committeeOf, createCommitteeCount } from "./rendezvous.ts";

/** Who serves where: the one place that knows which members to ask for what. */
export interface CommitteeBook {
  /** Number of the committee that a segment belongs to. */
  committeeOf(commitment: Uint8Array): Promise<number>;
  /** @throws RetryableError storage/no-committee when nobody serves there yet */
  members(committee: number): Promise<readonly CommitteeMember[]>;
  /**
   * Who may hold rows of a segment: the members of its committee, then those of the one that was its own before the latest
   * committee opened. Nobody where both are empty.
   */
  holders(commitment: Uint8Array): Promise<readonly CommitteeMember[]>;
  /** Members of every committee in turns, the first of each first: a name doesn't say where it lies. */
  everybody(): Promise<readonly CommitteeMember[]>;
}

export interface CommitteeBookOptions {
  /** How long an answer of the chain is believed, milliseconds. */
  readonly ttlMs?: number;
}

/** Long work sees who has come and gone in between. */
const DEFAULT_TTL_MS = 10_000;

export function createCommitteeBook(
  provider: Provider,
  deployment: Deployment,
  { ttlMs = DEFAULT_TTL_MS }: CommitteeBookOptions = {},
): CommitteeBook {
  const readCount = createCommitteeCount(provider, deployment, ttlMs);
  const count = async () => Math.max(1, await readCount());
  const views = new Map<number, CommitteeView>();
  const viewOf = (committee: number) => {
    const view = views.get(committee) ?? createCommitteeView(provider, deployment, { committee, ttlMs });
    views.set(committee, view);
    return view;
  };
  const membersOf = async (committee: number) => (await viewOf(committee).current()).members;
  return {
    committeeOf: async (commitment) => committeeOf(commitment, await count()),
    async members(committee) {
      const members = await membersOf(committee);
      if (members.length > 0) return members;
      throw new RetryableError(
        "storage/no-committee",
        `committee ${committee} of ${viewOf(committee).address} has no member yet`,
      );
    },
    async holders(commitment) {
      const open = await count();
      const homes = [open, open - 1].filter((some) => some > 0).map((some) => committeeOf(commitment, some));
      return (await Promise.all([...new Set(homes)].map(membersOf))).flat();
    },
    async everybody() {
      const committees = Array.from({ length: await count() }, (_, committee) => committee);
      return inTurns(await Promise.all(committees.map(membersOf)));
    },
  };
}

function inTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat();
}
