import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { MyceliaError, RetryableError } from "../../runtime/errors.ts";
import { requireSignature } from "../../runtime/http/authentication.ts";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";
import {
  HEADERS,
  parseUint64,
  parseVoucher,
  TENSORS_TYPE,
  toHeader,
  toWire,
  voucherFromHeader,
} from "../wire.ts";
import { answer, ownSession } from "./answer.ts";
import { auditedRequest } from "./auditedRequest.ts";
import { describeServices, type OfferedService } from "./offer.ts";
import type { ProviderParts } from "./parts.ts";

const SMALL_BODY = 16 * 1024;

const STATUSES: Readonly<Record<string, number>> = {
  "compute/unknown-session": 404,
  "compute/unknown-audit": 404,
  "compute/wrong-provider": 421,
  "compute/index-conflict": 409,
  "compute/wrong-index": 409,
  "compute/voucher-mismatch": 409,
  "compute/session-closing": 409,
  "compute/session-expired": 409,
  "compute/wrong-session": 409,
  "compute/over-budget": 402,
  "compute/voucher-required": 402,
};

/** The provider's doors; every one but the price list is opened by a signature only. */
export function addProviderRoutes(
  parts: ProviderParts,
  verifier: RequestVerifier,
  offered: () => readonly OfferedService[],
): void {
  const { server } = parts.context;
  for (const [code, status] of Object.entries(STATUSES)) server.statuses.set(code, status);
  const signed = requireSignature(verifier);
  server.get("/v1/services", async (_request, reply) => json(reply, describeServices(parts, offered())));
  addInference(server, parts, signed);
  addVouchers(server, parts, signed);
  server.get("/v1/audits/:claim/:index/request", signed, async (request, reply) => {
    const { claim, index } = request.params as { claim: string; index: string };
    const [claimId, receipt] = [parseUint64(claim, "The claim"), parseUint64(index, "The index")];
    const body = await auditedRequest(parts, claimId, receipt, request.signer);
    return reply.type(TENSORS_TYPE).send(Buffer.from(body));
  });
}

function addInference(
  server: FastifyInstance,
  parts: ProviderParts,
  signed: ReturnType<typeof requireSignature>,
): void {
  let inFlight = 0;
  const options = { ...signed, bodyLimit: parts.settings.maxRequestBytes };
  server.post("/v1/infer", options, async (request, reply) => {
    if (inFlight >= parts.settings.maxInFlight) {
      throw new RetryableError("compute/busy", `${inFlight} requests are under way; try again later.`);
    }
    inFlight++;
    try {
      const { signed: receipt, body } = await answer(parts, {
        session: parseUint64(request.headers[HEADERS.session], `The header ${HEADERS.session}`),
        index: parseUint64(request.headers[HEADERS.index], `The header ${HEADERS.index}`),
        voucher: voucherOf(request),
        signer: request.signer,
        body: request.rawBody ?? new Uint8Array(),
      });
      return reply.header(HEADERS.receipt, toHeader(receipt)).type(TENSORS_TYPE).send(Buffer.from(body));
    } catch (error) {
      if (error instanceof MyceliaError) parts.metrics.refusals.inc({ code: error.code });
      throw error;
    } finally {
      inFlight--;
    }
  });
}

function addVouchers(
  server: FastifyInstance,
  parts: ProviderParts,
  signed: ReturnType<typeof requireSignature>,
): void {
  const options = { ...signed, bodyLimit: SMALL_BODY };
  server.post("/v1/vouchers", options, async (request, reply) => {
    const voucher = parseVoucher(request.body);
    return json(reply, await acceptVoucher(parts, voucher.voucher.session, request));
  });
  server.post("/v1/sessions/:id/finish", options, async (request, reply) => {
    const id = parseUint64((request.params as { id: string }).id, "The session");
    const accepted = await acceptVoucher(parts, id, request);
    await parts.sessions.finish(id);
    parts.alarm.ring();
    return json(reply, { ...accepted, finished: true });
  });
}

/** Takes the voucher in the body, if there is one: a session without an answer ends without a voucher. */
async function acceptVoucher(parts: ProviderParts, id: bigint, request: FastifyRequest) {
  const terms = await ownSession(parts, id, request.signer);
  return parts.turns.run(`session ${id}`, async () => {
    await parts.sessions.track(id);
    const journal = await parts.journals.of(id);
    const given = request.body as Record<string, unknown> | undefined | null;
    if (given?.voucher !== undefined) await parts.vouchers.accept(terms, journal, parseVoucher(given));
    const newest = await parts.vouchers.newest(id);
    return { session: id, receipts: journal.sums.receipts, vouchedReceipts: newest?.voucher.receipts ?? 0n };
  });
}

function voucherOf(request: FastifyRequest) {
  const header = request.headers[HEADERS.voucher];
  return typeof header === "string" ? voucherFromHeader(header) : undefined;
}

function json(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type("application/json").send(toWire(value));
}
