import { encodeBytes32String } from "ethers";
import { chainTime } from "../../runtime/chain/time.ts";
import { MyceliaError, RetryableError } from "../../runtime/errors.ts";
import type { AuditState } from "../chainReads.ts";
import { REFUSED } from "../commitments.ts";
import { bodyDigest } from "../receipts.ts";
import { decodeTensors, encodeTensors } from "../tensors.ts";
import type { VerifierParts } from "./parts.ts";

/** Where an operator serves its requests, and what it sold. */
interface Counterpart {
  readonly endpoint: string;
  readonly operator: string;
  readonly modelId: string;
  readonly tier: number;
}

const REFUSALS: ReadonlySet<string> = new Set(["compute/invalid-input", "compute/invalid-tensors"]);

/** Longest wait for one request, milliseconds: an operator that trickles bytes must not eat the commit window. */
const FETCH_TIMEOUT_MS = 8_000;

/** Answers found so far, by claim and receipt, so that asking again costs only what is missing. */
const KEPT_ANSWERS = 1024;

/**
 * Own answers to every drawn request, in the order of the draw. A request that isn't served until shortly before the
 * deadline counts as withheld.
 * @throws RetryableError compute/not-served while there is time to ask again
 */
export async function rerun(parts: VerifierParts, audit: AuditState): Promise<string[]> {
  const counterpart = await findCounterpart(parts, audit);
  const isLast = await isLastCall(parts, audit);
  await answerMissing(parts, counterpart, audit);
  const withheld = await parts.contracts.audits.WITHHELD();
  return audit.indices.map((index) => {
    const answer = parts.answers.get(keyOf(audit, index));
    if (answer !== undefined) return answer;
    if (!isLast) {
      const what = `request ${index} of claim ${audit.claim}`;
      throw new RetryableError("compute/not-served", `${counterpart.endpoint} does not serve ${what}.`);
    }
    parts.metrics.withheld.inc();
    return withheld;
  });
}

async function answerMissing(
  parts: VerifierParts,
  counterpart: Counterpart,
  audit: AuditState,
): Promise<void> {
  const missing = audit.indices.filter((index) => !parts.answers.has(keyOf(audit, index)));
  const fetched = await Promise.all(missing.map((index) => fetchRequest(parts, counterpart, audit, index)));
  for (const [place, request] of fetched.entries()) {
    if (request === undefined) continue;
    if (parts.answers.size >= KEPT_ANSWERS) parts.answers.clear();
    parts.answers.set(keyOf(audit, missing[place]!), await answerDigest(parts, counterpart, request));
  }
}

function keyOf(audit: AuditState, index: bigint): string {
  return `${audit.claim}/${index}`;
}

async function findCounterpart(parts: VerifierParts, audit: AuditState): Promise<Counterpart> {
  const { sessions, services } = parts.contracts;
  const { session } = await sessions.claimOf(audit.claim);
  const terms = await sessions.get(session);
  const { endpoint } = await services.get(terms.service);
  return { endpoint, operator: terms.operator, modelId: terms.modelId, tier: Number(terms.tier) };
}

async function isLastCall(parts: VerifierParts, audit: AuditState): Promise<boolean> {
  const window = await parts.contracts.parameters.get(encodeBytes32String("audits.commitWindow"));
  const quarter = window / 4n;
  const margin = BigInt(parts.settings.withholdMargin);
  const now = await chainTime(parts.context.provider);
  return now >= audit.deadline - (margin < quarter ? margin : quarter);
}

/** The request's bytes, or undefined when what was served isn't them. */
async function fetchRequest(
  parts: VerifierParts,
  { endpoint, operator }: Counterpart,
  audit: AuditState,
  index: bigint,
): Promise<Uint8Array | undefined> {
  const digest = audit.requestDigests[audit.indices.indexOf(index)];
  const url = `${endpoint.replace(/\/$/, "")}/v1/audits/${audit.claim}/${index}/request`;
  const { signal, logger } = parts.context;
  try {
    const limits = { maxBytes: parts.settings.maxRequestBytes, timeoutMs: FETCH_TIMEOUT_MS, signal };
    const { body } = await parts.requests.request(operator, url, limits);
    if (bodyDigest(body) === digest) return body;
    logger.warn({ claim: audit.claim.toString(), index: index.toString() }, "another request was served");
  } catch (error) {
    if (signal.aborted) throw error;
    logger.warn({ err: error, claim: audit.claim.toString() }, "request not served");
  }
  return undefined;
}

/** Hash of what this verifier's own engine answers; the engine refusing for good is an answer too. */
async function answerDigest(
  parts: VerifierParts,
  counterpart: Counterpart,
  request: Uint8Array,
): Promise<string> {
  const model = await parts.shelf.get(counterpart.modelId, counterpart.tier);
  parts.metrics.reruns.inc();
  try {
    const outputs = await model.run(decodeTensors(request, { maxBytes: parts.settings.maxRequestBytes }));
    return bodyDigest(encodeTensors(outputs, { maxBytes: Number.MAX_SAFE_INTEGER }));
  } catch (error) {
    if (error instanceof MyceliaError && !error.retry && REFUSALS.has(error.code)) return REFUSED;
    throw error;
  }
}
