import type { FollowedBlock } from "../../runtime/chain/follower.ts";
import type { VerifierParts } from "./parts.ts";

/** Learns of audits for which this verifier was drawn, and wakes the duties when an audit moves on. */
export async function followAudits(parts: VerifierParts): Promise<void> {
  const { context, contracts, audits } = parts;
  const address = contracts.addresses.Audits;
  const fromBlock = context.deployment.contracts.Audits?.block ?? 0;
  const apply = async (block: FollowedBlock): Promise<void> => {
    for (const log of block.logs) {
      const event = contracts.audits.interface.parseLog(log);
      if (event?.name !== "AuditDrawn") continue;
      const committee = [...(event.args.committee as Iterable<string>)];
      if (!committee.includes(context.transactions.address)) continue;
      if (await audits.track(event.args.claim as bigint)) parts.metrics.drawn.inc();
    }
    if (block.logs.length > 0) parts.alarm.ring();
  };
  // An audit that a reorg removed is unknown to the chain, and the duties forget it by that.
  await context.follow("verifier", { fromBlock, addresses: [address] }, { apply, undo: async () => {} });
}
