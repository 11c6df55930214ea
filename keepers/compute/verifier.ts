import { join } from "node:path";
import type { KeeperContext } from "../runtime/context.ts";
import { Alarm } from "../runtime/duties/alarm.ts";
import { runInBackground, stoppable, untilAborted } from "../runtime/duties/background.ts";
import { runDuties } from "../runtime/duties/duties.ts";
import { createSignedClient } from "../runtime/http/signedClient.ts";
import { Backoff } from "../runtime/pause.ts";
import { connectCompute } from "./contracts.ts";
import { engineForTier } from "./engine/onnxEngine.ts";
import { ModelShelf } from "./modelShelf.ts";
import { attendAudit } from "./verifier/attend.ts";
import { AuditBook } from "./verifier/auditBook.ts";
import { enlist } from "./verifier/enlist.ts";
import { followAudits } from "./verifier/followAudits.ts";
import { getVerifierMetrics } from "./verifier/metrics.ts";
import { VERIFIER_DEFAULTS, type VerifierOptions, type VerifierSettings } from "./verifier/options.ts";
import type { VerifierParts } from "./verifier/parts.ts";

export type { VerifierOptions } from "./verifier/options.ts";

/**
 * A verifier: bonds, joins the roster, and when the beacon draws it re-runs requests, commits and reveals.
 * Resolves at once; it is ready (/ready) once it stands on the roster, which it keeps trying in the background.
 */
export async function startVerifier(context: KeeperContext, options: VerifierOptions): Promise<void> {
  const settings = { bond: undefined, engines: engineForTier, ...VERIFIER_DEFAULTS, ...options };
  const parts = assemble(stoppable(context), settings);
  let standing: true | string = "not on the roster yet";
  context.server.probes.addReadiness("roster", async () => standing);
  context.closers.add("engines", () => parts.shelf.close());
  const joined = joinRoster(parts, (now) => {
    standing = now;
  });
  runInBackground(context, "roster", joined);
  // Who was drawn must answer, on the roster or not.
  runInBackground(context, "audits", followAudits(parts));
  const loop = {
    logger: context.logger,
    signal: context.signal,
    alarm: parts.alarm,
    pollMs: settings.pollMs,
  };
  const attend = (claim: bigint) => attendAudit(parts, claim);
  runInBackground(
    context,
    "duties",
    runDuties(loop, () => parts.audits.tracked(), attend),
  );
}

async function joinRoster(parts: VerifierParts, report: (standing: true | string) => void): Promise<void> {
  const { signal, logger } = parts.context;
  const backoff = new Backoff(500, 30_000);
  for (let joined = false; !joined && !signal.aborted; ) {
    try {
      await enlist(parts);
      joined = true;
      report(true);
    } catch (error) {
      report(`not on the roster yet: ${error instanceof Error ? error.message : String(error)}`);
      logger.warn({ err: error }, "not on the roster yet, will try again");
      await backoff.wait(signal);
    }
  }
  await untilAborted(signal);
}

function assemble(context: KeeperContext, settings: VerifierSettings): VerifierParts {
  const contracts = connectCompute(context.provider, context.deployment);
  const { signal } = context;
  const { loadModel: load, engines, maxModels: maxReady } = settings;
  const directory = join(context.dataDir, "models");
  return {
    context,
    contracts,
    settings,
    shelf: new ModelShelf({ contracts, load, engines, directory, signal, maxReady }),
    audits: new AuditBook(context.store.under("verifier/")),
    requests: createSignedClient(context.http, context.signer, context.chainId),
    answers: new Map(),
    alarm: new Alarm(),
    metrics: getVerifierMetrics(context.metrics),
  };
}
