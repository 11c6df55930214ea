import { hexlify, randomBytes } from "ethers";
import { chainTime } from "../../runtime/chain/time.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { SessionTerms } from "../chainReads.ts";
import type { JournalEntry, ReceiptJournal } from "../receiptJournal.ts";
import {
  bodyDigest,
  exchangeOf,
  NO_USES,
  type Receipt,
  type SignedReceipt,
  signReceipt,
} from "../receipts.ts";
import { SESSION } from "../states.ts";
import { countUnits, decodeTensors, encodeTensors, type Tensor } from "../tensors.ts";
import type { SignedVoucher } from "../vouchers.ts";
import { evidenceDeadline } from "./deadline.ts";
import type { ProviderParts } from "./parts.ts";

export interface InferenceRequest {
  readonly session: bigint;
  /** The next receipt's index, or that of an answer to be repeated. */
  readonly index: bigint;
  readonly voucher: SignedVoucher | undefined;
  /** Address that signed the HTTP request. */
  readonly signer: string;
  readonly body: Uint8Array;
}

export interface InferenceAnswer {
  readonly signed: SignedReceipt;
  readonly body: Uint8Array;
}

/**
 * Answers one request, once: what is answered is in the journal before, and the same request gets the same answer again.
 * @throws MyceliaError with a code that docs/keepers/compute.md lists
 */
export async function answer(parts: ProviderParts, request: InferenceRequest): Promise<InferenceAnswer> {
  const terms = await ownSession(parts, request.session, request.signer);
  return parts.turns.run(`session ${request.session}`, async () => {
    await parts.sessions.track(request.session);
    const journal = await parts.journals.of(request.session);
    const requestDigest = bodyDigest(request.body);
    const known = await journal.entry(request.index);
    if (known !== undefined) return repeat(parts, known, requestDigest);
    if (request.voucher !== undefined) await parts.vouchers.accept(terms, journal, request.voucher);
    await checkAdmission(parts, terms, journal, request.index);
    return produce(parts, terms, journal, requestDigest, request.body);
  });
}

/** The session, if it is this provider's and the signer may use it. */
export async function ownSession(parts: ProviderParts, id: bigint, signer: string): Promise<SessionTerms> {
  const terms = await parts.sessions.terms(id);
  if (terms === undefined) {
    throw new FatalError("compute/unknown-session", `There is no session ${id} on chain.`, { session: id });
  }
  if (terms.operator !== parts.context.transactions.address) {
    throw new FatalError("compute/wrong-provider", `Session ${id} is with ${terms.operator}.`, {
      session: id,
      operator: terms.operator,
    });
  }
  if (terms.voucherSigner !== signer) {
    throw new FatalError(
      "compute/forbidden",
      `Session ${id} is used by ${terms.voucherSigner}, not by ${signer}.`,
      {
        session: id,
        signer,
      },
    );
  }
  return terms;
}

async function repeat(
  parts: ProviderParts,
  known: JournalEntry,
  requestDigest: string,
): Promise<InferenceAnswer> {
  const { session, index } = known.receipt;
  if (known.requestDigest !== requestDigest) {
    throw new FatalError(
      "compute/index-conflict",
      `Receipt ${index} of session ${session} answers another request.`,
      {
        session,
        index,
        requestDigest: known.requestDigest,
      },
    );
  }
  const body = await parts.evidence.response(session, index);
  if (body === undefined) {
    throw new FatalError(
      "compute/gone",
      `The answer to request ${index} of session ${session} is kept no longer.`,
      {
        session,
        index,
      },
    );
  }
  const { receipt, salt, signature } = known;
  return { signed: { receipt, salt, signature }, body };
}

async function checkAdmission(
  parts: ProviderParts,
  terms: SessionTerms,
  journal: ReceiptJournal,
  index: bigint,
): Promise<void> {
  const { id } = terms;
  const { receipts, units } = journal.sums;
  if (index !== receipts) {
    throw new FatalError(
      "compute/wrong-index",
      `The next request of session ${id} has the index ${receipts}, not ${index}.`,
      {
        session: id,
        expected: receipts,
        index,
      },
    );
  }
  if (terms.state !== SESSION.open || (await parts.sessions.isFinished(id))) {
    throw new FatalError("compute/session-closing", `Session ${id} takes no more requests.`, { session: id });
  }
  if ((await chainTime(parts.context.provider)) >= terms.expiresAt) {
    throw new FatalError("compute/session-expired", `Session ${id} ended at ${terms.expiresAt}.`, {
      session: id,
      expiresAt: terms.expiresAt,
    });
  }
  const newest = await parts.vouchers.newest(id);
  const paid = await journal.sumsAt(newest?.voucher.receipts ?? 0n);
  const unpaid = units - (paid?.units ?? 0n);
  if (unpaid > parts.settings.maxUnpaidUnits) {
    throw new FatalError(
      "compute/voucher-required",
      `${unpaid} units of session ${id} have no voucher; send one over all ${receipts} receipts.`,
      {
        session: id,
        receipts,
        unpaidUnits: unpaid,
        maxUnpaidUnits: parts.settings.maxUnpaidUnits,
      },
    );
  }
}

async function produce(
  parts: ProviderParts,
  terms: SessionTerms,
  journal: ReceiptJournal,
  requestDigest: string,
  body: Uint8Array,
): Promise<InferenceAnswer> {
  const inputs = decodeTensors(body, { maxBytes: parts.settings.maxRequestBytes });
  const unitsIn = BigInt(countUnits(inputs));
  const price = unitsIn * terms.unitPrice;
  if (journal.sums.amount + price > terms.budget) {
    throw new FatalError(
      "compute/over-budget",
      `${unitsIn} units for ${price} wei go over the session's budget of ${terms.budget}.`,
      {
        session: terms.id,
        spent: journal.sums.amount,
        price,
        budget: terms.budget,
      },
    );
  }
  const outputs = await infer(parts, terms, inputs);
  const response = encodeTensors(outputs, { maxBytes: parts.settings.maxResponseBytes });
  const responseDigest = bodyDigest(response);
  const salt = hexlify(randomBytes(32));
  const receipt: Receipt = {
    session: terms.id,
    index: journal.sums.receipts,
    modelId: terms.modelId,
    exchange: exchangeOf(requestDigest, responseDigest, salt),
    unitsIn,
    unitsOut: BigInt(countUnits(outputs)),
    price,
    usesRoot: NO_USES,
    deadline: await evidenceDeadline(parts.contracts, terms),
  };
  const signature = await signReceipt(parts.context.signer, parts.market, receipt);
  const signed = { receipt, salt, signature };
  const evidence = parts.evidence.writes(terms.id, receipt.index, body, response);
  if (!(await journal.append(signed, requestDigest, responseDigest, evidence))) {
    throw new RetryableError(
      "compute/busy",
      `Request ${receipt.index} of session ${terms.id} is answered elsewhere; ask again.`,
    );
  }
  parts.metrics.answers.inc();
  parts.metrics.units.inc(Number(unitsIn));
  return { signed, body: response };
}

async function infer(
  parts: ProviderParts,
  terms: SessionTerms,
  inputs: readonly Tensor[],
): Promise<Tensor[]> {
  const model = await parts.shelf.get(terms.modelId, terms.tier);
  const stop = parts.metrics.engineSeconds.startTimer();
  try {
    return await model.run(inputs);
  } finally {
    stop();
  }
}
