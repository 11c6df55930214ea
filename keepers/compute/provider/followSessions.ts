import type { FollowedBlock } from "../../runtime/chain/follower.ts";
import type { ProviderParts } from "./parts.ts";

/** Learns of sessions that were opened with this provider, and wakes the duties when one of its contracts speaks. */
export async function followSessions(parts: ProviderParts): Promise<void> {
  const { context, contracts, sessions } = parts;
  const { Sessions, Audits } = contracts.addresses;
  const fromBlock = context.deployment.contracts.Sessions?.block ?? 0;
  const apply = async (block: FollowedBlock): Promise<void> => {
    for (const log of block.logs) {
      if (log.address !== Sessions) continue;
      const event = contracts.sessions.interface.parseLog(log);
      if (event?.name === "SessionOpened" && event.args.operator === context.transactions.address) {
        await sessions.track(event.args.id as bigint);
      }
    }
    if (block.logs.length > 0) parts.alarm.ring();
  };
  // A session that a reorg removed is unknown to the chain, and the duties forget it by that.
  await context.follow(
    "provider",
    { fromBlock, addresses: [Sessions, Audits] },
    { apply, undo: async () => {} },
  );
}
