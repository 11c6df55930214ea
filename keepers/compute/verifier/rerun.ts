import { encodeBytes32String } from "ethers";
import { MyceliaError, RetryableError } from "../../runtime/errors.ts";
import { type AuditState, chainTime } from "../chainReads.ts";
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

/**
 * Own answers to every drawn request, in the order of the draw. A request that isn't served until shortly before the
 * deadline counts as withheld.
 * @throws RetryableError compute/not-served while there is time to ask again
 */
export async function rerun(parts: VerifierParts, audit: AuditState): Promise<string[]> {
  const counterpart = await findCounterpart(parts, audit);
  const isLast = await isLastCall(parts, audit);
  const digests: string[] = [];
  for (const [position, index] of audit.indices.entries()) {
    const request = await fetchRequest(parts, counterpart, audit, index, audit.requestDigests[position]!);
    if (request !== undefined) {
      digests.push(await answerDigest(parts, counterpart, request));
    } else if (isLast) {
      parts.metrics.withheld.inc();
      digests.push(await parts.contracts.audits.WITHHELD());
    } else {
      const what = `request ${index} of claim ${audit.claim}`;
      throw new RetryableError("compute/not-served", `${counterpart.endpoint} does not serve ${what}.`);
    }
  }
  return digests;
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
  digest: string,
): Promise<Uint8Array | undefined> {
  const url = `${endpoint.replace(/\/$/, "")}/v1/audits/${audit.claim}/${index}/request`;
  const { signal, logger } = parts.context;
  try {
    const limits = { maxBytes: parts.settings.maxRequestBytes, signal };
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
