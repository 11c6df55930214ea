import type { Provider } from "ethers";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError } from "../../runtime/errors.ts";
import type { LogLedger } from "../chain/logLedger.ts";
import { logHeadOf } from "../chain/publications.ts";
import type { PublishedBatch } from "../client/clientTypes.ts";
import { layOut } from "../format/batch.ts";
import { checkInclusion, type InclusionProof } from "../format/inclusion.ts";

/**
 * Proves every segment of some batches against the log as it is now.
 * @throws as `LogLedger.prove`; FatalError storage/wrong-proof when a batch in the log is not of these segments
 */
export async function proveInclusion(
  ledger: LogLedger,
  batches: readonly Pick<PublishedBatch, "id" | "contents">[],
  signal: AbortSignal,
): Promise<InclusionProof[]> {
  const logs = await ledger.prove(
    batches.map(({ id }) => id),
    signal,
  );
  return batches.flatMap(({ contents }, i) => {
    const layout = layOut(contents);
    const log = logs[i]!;
    return layout.segments.map(({ commitment, shape, index, start }) => {
      const proof = { segment: { commitment, shape }, index, start, path: layout.prove(index), log };
      checkInclusion(proof, log);
      return proof;
    });
  });
}

/** Checks a proof against the chain, whoever made it. @throws FatalError storage/wrong-proof saying what does not hold */
export async function verifyInclusion(
  { provider, deployment }: { readonly provider: Provider; readonly deployment: Deployment },
  proof: InclusionProof,
  signal?: AbortSignal,
): Promise<void> {
  const head = await logHeadOf(provider, deployment, proof.log.count, signal);
  if (head !== undefined) return checkInclusion(proof, head);
  throw new FatalError(
    "storage/wrong-proof",
    `the proof does not hold: the log never had ${proof.log.count} entries`,
    { count: proof.log.count },
  );
}
