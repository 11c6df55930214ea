import type { Logger } from "pino";
import type { Codec } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { HttpError } from "../../runtime/http/errors.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { MemberApi } from "../client/memberApi.ts";
import type { PeerApi } from "../client/peerApi.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import type { RepairMetrics } from "./metrics.ts";
import type { PeerBook } from "./peerBook.ts";
import type { TokenBucket } from "./tokenBucket.ts";

/** What repairing a segment needs. */
export interface RestoreParts {
  readonly api: MemberApi;
  readonly peers: PeerApi;
  /** Checks rows. */
  readonly codec: Codec;
  /** What decodes and codes anew; opened when it is first needed. */
  readonly openDecoder: () => Promise<Codec>;
  readonly segments: SegmentStore;
  readonly bucket: TokenBucket;
  readonly book: PeerBook;
  readonly metrics: RepairMetrics;
  readonly logger: Logger;
  /** Lower-case address under which restored strips are stored. */
  readonly self: string;
}

/** What it takes to ask members, and to remember how they answered. */
export type AskingParts = Pick<RestoreParts, "peers" | "book" | "metrics" | "logger">;

/** Tells apart who was silent from who sent what is not true, and leaves both alone for a while. */
export function noteFailure(
  { book, metrics, logger }: Pick<RestoreParts, "book" | "metrics" | "logger">,
  member: CommitteeMember,
  subject: string,
  error: unknown,
): void {
  const about = { seat: member.number, endpoint: member.endpoint, subject, err: error };
  if (error instanceof FatalError && !(error instanceof HttpError)) {
    book.blame(member);
    metrics.blamed.inc({ seat: member.number });
    logger.warn(about, "a member sent what does not belong to its name");
    return;
  }
  book.silent(member);
  logger.debug(about, "a member did not answer");
}
