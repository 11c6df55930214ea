import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { isLoopback } from "../../runtime/http/addresses.ts";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";
import type { CommitteeView } from "../chain/committeeView.ts";
import type { CreditLimit } from "./uploadCredit.ts";
import { requireUploader } from "./uploadSignature.ts";

/** Whose reads need neither signature nor quota: those of this machine, everybody's, or nobody's. */
export type OpenReads = "loopback" | "everybody" | "nobody";

export interface ReadMeterNeeds {
  readonly verifier: RequestVerifier;
  readonly committee: CommitteeView;
  readonly creditOf: CreditLimit;
  readonly open: OpenReads;
  /** Bytes that a signer with credit reads in a day, never more than its credit. */
  readonly freeBytesPerDay: number;
  /** Bytes that all other members together read in a day, in equal parts. */
  readonly peerBytesPerDay: number;
}

const DAY_MS = 86_400_000;

/**
 * A hook that lets reads in while the reader's quota of the day lasts, and counts what was sent. The answer that passes the
 * quota is still given. Members can't fetch in bulk what an audit asks of them, and a fresh key reads nothing.
 * @throws FatalError storage/unsigned (401); RetryableError storage/reads-exceeded (429)
 */
export function createReadMeter(needs: ReadMeterNeeds): onRequestAsyncHookHandler {
  const signed = requireUploader(needs.verifier);
  const used = new Map<string, number>();
  let today = 0;
  return async function meter(request, reply) {
    if (isOpen(request, needs.open)) return;
    if (request.headers.authorization === undefined) throw unsigned();
    await signed.call(this, request, reply);
    const day = Math.floor(Date.now() / DAY_MS);
    if (day !== today) used.clear();
    today = day;
    const reader = request.signer.toLowerCase();
    const limit = await quotaOf(needs, reader);
    const before = used.get(reader) ?? 0;
    if (before >= limit) throw exceeded(reader, before, limit);
    reply.raw.once("close", () => {
      const bytes = Number(reply.getHeader("content-length") ?? 0);
      if (reply.statusCode === 200) used.set(reader, (used.get(reader) ?? 0) + bytes);
    });
  };
}

/** A proxy on this machine makes strangers look local, unless it names another host or says for whom it asks. */
function isOpen({ ip, hostname, headers }: FastifyRequest, open: OpenReads): boolean {
  if (open !== "loopback") return open === "everybody";
  if (headers.forwarded !== undefined || headers["x-forwarded-for"] !== undefined) return false;
  return isLoopback(ip) && isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

async function quotaOf(needs: ReadMeterNeeds, reader: string): Promise<number> {
  const { members } = await needs.committee.current();
  if (members.some(({ signer }) => signer.toLowerCase() === reader))
    return Math.floor(needs.peerBytesPerDay / Math.max(1, members.length - 1));
  return Math.min(needs.freeBytesPerDay, await needs.creditOf(reader));
}

function unsigned(): FatalError {
  return new FatalError("storage/unsigned", "this node counts what it sends: sign the request");
}

function exceeded(reader: string, bytes: number, limit: number): RetryableError {
  return new RetryableError(
    "storage/reads-exceeded",
    `${reader} has read ${bytes} of ${limit} bytes today; read from others, bond for credit, or come back tomorrow`,
    { reader, readBytes: bytes, quotaBytes: limit },
  );
}
