import { encodeBytes32String } from "ethers";
import type { SessionTerms } from "../chainReads.ts";
import type { ComputeContracts } from "../contracts.ts";

const WINDOWS = [
  "sessions.claimWindow",
  "sessions.disputeWindow",
  "audits.openWindow",
  "audits.commitWindow",
  "audits.unsealWindow",
  "audits.revealWindow",
];

/** A block-hash draw can be answered for 8,191 blocks, about 27 hours. */
const DRAW_SECONDS = 2n * 86_400n;

/** Unix seconds until which an audit of the session's last claim can still ask for evidence. */
export async function evidenceDeadline(contracts: ComputeContracts, terms: SessionTerms): Promise<bigint> {
  const windows = await Promise.all(
    WINDOWS.map((name) => contracts.parameters.get(encodeBytes32String(name))),
  );
  return terms.expiresAt + DRAW_SECONDS + windows.reduce((sum, window) => sum + window, 0n);
}
