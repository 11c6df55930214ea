import { FatalError } from "../../runtime/errors.ts";
import { createSignedClient } from "../../runtime/http/signedClient.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { type BatchSegment, MAX_BATCH_BYTES, parseBatch } from "../format/batch.ts";
import { encodeCommitments, MAX_HOLDINGS, parseHoldings } from "../format/holdings.ts";
import type { MemberApiNeeds } from "./memberApi.ts";
import { urlOf } from "./memberApi.ts";

/** What members ask of each other besides rows. What comes back is parsed, not yet checked. */
export interface PeerApi {
  /**
   * Strips that a member says it holds of each segment, in order.
   * @param commitments at most 1,024
   */
  holdings(
    member: CommitteeMember,
    commitments: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<bigint[]>;
  /** Segments of the batch with this root. */
  batch(member: CommitteeMember, root: string, signal: AbortSignal): Promise<BatchSegment[]>;
}

export function createPeerApi({ http, chainId, signer, timeoutMs }: MemberApiNeeds): PeerApi {
  if (signer === undefined)
    throw new FatalError("storage/no-signer", "members sign what they ask each other");
  const client = createSignedClient(http, signer, chainId);
  return {
    async holdings(member, commitments, signal) {
      const body = encodeCommitments(commitments);
      const headers = { "content-type": "application/octet-stream" };
      const request = { method: "POST", body, headers, timeoutMs, signal } as const;
      const answer = await client.request(member.signer, urlOf(member, "holdings"), {
        ...request,
        maxBytes: 32 * MAX_HOLDINGS,
      });
      return parseHoldings(answer.body, commitments.length);
    },
    async batch(member, root, signal) {
      const request = { timeoutMs, signal, maxBytes: MAX_BATCH_BYTES };
      const answer = await client.request(member.signer, urlOf(member, `batches/${root}`), request);
      return parseBatch(answer.body);
    },
  };
}
