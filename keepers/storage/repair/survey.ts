import type { CommitteeMember } from "../chain/committeeView.ts";
import { MAX_HOLDINGS } from "../format/holdings.ts";
import { parseName } from "../format/names.ts";
import { type AskingParts, noteFailure } from "./parts.ts";

/** Strips that members say they hold, by seat, by name of the segment. */
export type Holders = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

/** Asks every usable member what it holds of some segments: one question for 1,024 of them. Who fails to answer is left out. */
export async function surveyHolders(
  parts: AskingParts,
  members: readonly CommitteeMember[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<Holders> {
  const held = new Map(names.map((name) => [name, new Map<number, bigint>()]));
  const ask = async (member: CommitteeMember): Promise<void> => {
    for (let at = 0; at < names.length; at += MAX_HOLDINGS) {
      const some = names.slice(at, at + MAX_HOLDINGS);
      const sets = await parts.peers.holdings(member, some.map(parseName), signal);
      for (const [i, name] of some.entries())
        if (sets[i] !== 0n) held.get(name)!.set(member.number, sets[i]!);
    }
    parts.book.answered(member);
  };
  await Promise.all(
    members
      .filter((member) => parts.book.isUsable(member))
      .map((member) =>
        ask(member).catch((error: unknown) => {
          if (!signal.aborted) noteFailure(parts, member, "holdings", error);
        }),
      ),
  );
  signal.throwIfAborted();
  return held;
}
