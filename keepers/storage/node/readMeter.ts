import type { FastifyRequest, onRequestAsyncHookHandler, onSendAsyncHookHandler } from "fastify";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { bareHost, isLoopback } from "../../runtime/http/addresses.ts";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";
import type { CommitteeView } from "../chain/committeeView.ts";
import { parseVoucher, VOUCHER_HEADER } from "../format/readVoucher.ts";
import type { Payer, ReadPayments } from "./readPayments.ts";
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
  /** Takes vouchers; absent where there are no read sessions. */
  readonly payments?: ReadPayments | undefined;
}

/** What stands before a read, and between its answer and the reader. */
export interface ReadHooks {
  readonly onRequest: onRequestAsyncHookHandler[];
  readonly onSend: onSendAsyncHookHandler<unknown>[];
}

const DAY_MS = 86_400_000;

/**
 * Hooks that let reads in while the reader's quota of the day lasts, and count what was sent; the answer that passes the quota
 * is still given. Members can't fetch in bulk what an audit asks of them, and a fresh key reads nothing. A request that carries
 * a voucher is charged to its session instead, whatever the quota.
 * @throws FatalError storage/unsigned (401), storage/payment-required (402), and what ReadPayments throws
 * @throws RetryableError storage/reads-exceeded (429) where no voucher helps
 */
export function createReadMeter(needs: ReadMeterNeeds): ReadHooks {
  const { payments } = needs;
  const quota = createQuota(needs);
  const signed = requireUploader(needs.verifier);
  const payers = new WeakMap<FastifyRequest, Payer>();
  return {
    onRequest: [
      async function meter(request, reply) {
        if (isOpen(request, needs.open)) return;
        if (request.headers.authorization === undefined) throw unsigned();
        const carried = request.headers[VOUCHER_HEADER];
        const voucher = payments === undefined || carried === undefined ? undefined : parseVoucher(carried);
        await signed.call(this, request, reply);
        const reader = request.signer.toLowerCase();
        if (payments === undefined || voucher === undefined) await quota.call(this, request, reply);
        else payers.set(request, await payments.admit(reader, voucher));
      },
    ],
    onSend: [
      async (request, reply, payload) => {
        const payer = payers.get(request);
        if (payer !== undefined && reply.statusCode === 200)
          await payments?.charge(payer, sizeOfPayload(payload));
        return payload;
      },
    ],
  };
}

/** Counts what readers are sent for nothing. */
function createQuota(needs: ReadMeterNeeds): onRequestAsyncHookHandler {
  const used = new Map<string, number>();
  let today = 0;
  return async (request, reply) => {
    const day = Math.floor(Date.now() / DAY_MS);
    if (day !== today) used.clear();
    today = day;
    const reader = request.signer.toLowerCase();
    const limit = await quotaOf(needs, reader);
    const before = used.get(reader) ?? 0;
    if (before >= limit)
      throw needs.payments === undefined ? exceeded(reader, before, limit) : payable(reader, before, limit);
    request.whenGone(() => {
      const bytes = Number(reply.getHeader("content-length") ?? 0);
      if (reply.statusCode === 200) used.set(reader, (used.get(reader) ?? 0) + bytes);
    });
  };
}

/** A proxy on this machine makes strangers look local, unless it names another host or says for whom it asks. */
function isOpen({ ip, hostname, headers }: FastifyRequest, open: OpenReads): boolean {
  if (open !== "loopback") return open === "everybody";
  if (headers.forwarded !== undefined || headers["x-forwarded-for"] !== undefined) return false;
  return isLoopback(ip) && isLoopback(bareHost(hostname));
}

async function quotaOf(needs: ReadMeterNeeds, reader: string): Promise<number> {
  const { members } = await needs.committee.current();
  if (members.some(({ signer }) => signer.toLowerCase() === reader))
    return Math.floor(needs.peerBytesPerDay / Math.max(1, members.length - 1));
  return Math.min(needs.freeBytesPerDay, await needs.creditOf(reader));
}

function sizeOfPayload(payload: unknown): number {
  // A HEAD request is answered without a body.
  if (payload === null || payload === undefined) return 0;
  if (typeof payload === "string" || payload instanceof Uint8Array) return Buffer.byteLength(payload);
  throw new Error("a read answers with bytes or text");
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

function payable(reader: string, bytes: number, limit: number): FatalError {
  return new FatalError(
    "storage/payment-required",
    `${reader} has read ${bytes} of ${limit} bytes today; pay for more with a read session's voucher (${VOUCHER_HEADER}), or come back tomorrow`,
    { reader, readBytes: bytes, quotaBytes: limit },
  );
}
