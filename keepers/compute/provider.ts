import { join } from "node:path";
import type { KeeperContext } from "../runtime/context.ts";
import { Alarm } from "../runtime/duties/alarm.ts";
import { runInBackground, stoppable, untilAborted } from "../runtime/duties/background.ts";
import { runDuties } from "../runtime/duties/duties.ts";
import { createRequestVerifier } from "../runtime/http/requestVerifier.ts";
import { Backoff } from "../runtime/pause.ts";
import { ensureBond } from "./bonding.ts";
import { connectCompute } from "./contracts.ts";
import { Draws } from "./draws.ts";
import { engineForTier } from "./engine/onnxEngine.ts";
import { Journals } from "./journals.ts";
import { ModelShelf } from "./modelShelf.ts";
import { attendSession } from "./provider/attend.ts";
import { EvidenceRoom } from "./provider/evidence.ts";
import { followSessions } from "./provider/followSessions.ts";
import { getProviderMetrics } from "./provider/metrics.ts";
import type { OfferedService } from "./provider/offer.ts";
import {
  PROVIDER_DEFAULTS,
  type ProviderOptions,
  type ProviderSettings,
  type ServiceOptions,
} from "./provider/options.ts";
import type { ProviderParts } from "./provider/parts.ts";
import { registerService } from "./provider/registration.ts";
import { addProviderRoutes } from "./provider/routes.ts";
import { SessionBook } from "./provider/sessionBook.ts";
import { VoucherBox } from "./provider/voucherBox.ts";
import { TIER } from "./states.ts";
import { Turns } from "./turns.ts";

export type { ProviderOptions, ServiceOptions } from "./provider/options.ts";

/**
 * A provider: answers requests of paid sessions, keeps the evidence, claims what it earned and stands its audits.
 * Resolves once its doors are set; it is ready (/ready) once its models are loaded, its bond stands and its services are
 * on the book, which it keeps trying in the background.
 */
export async function startProvider(context: KeeperContext, options: ProviderOptions): Promise<void> {
  const settings: ProviderSettings = { engines: engineForTier, ...PROVIDER_DEFAULTS, ...options };
  const parts = assemble(stoppable(context), settings);
  const offered: OfferedService[] = [];
  const trouble: Trouble = { latest: undefined };
  const verifier = createRequestVerifier({
    chainId: context.chainId,
    audience: context.transactions.address,
    store: context.store.under("requests/"),
  });
  addProviderRoutes(parts, verifier, () => offered);
  context.server.probes.addReadiness("services", async () => {
    const missing = settings.services.length - offered.length;
    return missing === 0
      ? true
      : `${missing} services are not on the book yet: ${trouble.latest ?? "loading"}`;
  });
  context.closers.add("engines", () => parts.shelf.close());
  runInBackground(context, "offers", offerServices(parts, offered, trouble));
  runInBackground(context, "sessions", followSessions(parts));
  const loop = {
    logger: context.logger,
    signal: context.signal,
    alarm: parts.alarm,
    pollMs: settings.pollMs,
  };
  const attend = (id: bigint) => attendSession(parts, id);
  runInBackground(
    context,
    "duties",
    runDuties(loop, () => parts.sessions.tracked(), attend),
  );
}

function assemble(context: KeeperContext, settings: ProviderSettings): ProviderParts {
  const { provider, deployment, chainId, signal } = context;
  const contracts = connectCompute(provider, deployment);
  const market = { chainId, sessions: contracts.addresses.Sessions };
  const store = context.store.under("provider/");
  const { loadModel: load, engines } = settings;
  const directory = join(context.dataDir, "models");
  return {
    context,
    contracts,
    market,
    settings,
    shelf: new ModelShelf({
      contracts,
      load,
      engines,
      directory,
      signal,
      maxReady: settings.services.length,
    }),
    sessions: new SessionBook(store, contracts),
    journals: new Journals(store, market),
    vouchers: new VoucherBox(store, market, provider),
    evidence: new EvidenceRoom(store),
    draws: new Draws(context, contracts, settings.beaconGraceMs),
    turns: new Turns(),
    alarm: new Alarm(),
    metrics: getProviderMetrics(context.metrics),
  };
}

/** What stands between a service and its place on the book, for /ready. */
interface Trouble {
  latest: string | undefined;
}

/**
 * Loads each model, then bonds, then offers it: nobody is matched with a provider that can't answer. Goes on trying, since
 * storage may come back, tokens may arrive and a model may yet be published.
 */
async function offerServices(
  parts: ProviderParts,
  offered: OfferedService[],
  trouble: Trouble,
): Promise<void> {
  const { signal, logger } = parts.context;
  for (const service of parts.settings.services) {
    const backoff = new Backoff(500, 30_000);
    for (let done = false; !done && !signal.aborted; ) {
      try {
        offered.push(await offerService(parts, service));
        trouble.latest = undefined;
        done = true;
      } catch (error) {
        trouble.latest = error instanceof Error ? error.message : String(error);
        logger.warn({ err: error, model: service.model }, "service not on the book yet, will try again");
        await backoff.wait(signal);
      }
    }
  }
  await untilAborted(signal);
}

async function offerService(parts: ProviderParts, service: ServiceOptions): Promise<OfferedService> {
  const { context, contracts, settings, shelf } = parts;
  const { model, tier } = service;
  const engine = await shelf.get(model, TIER[tier]);
  await ensureBond(context, contracts, contracts.addresses.Services, settings.bond);
  const id = await registerService(context, contracts, service);
  const unitPrice = await contracts.services.priceAt((await contracts.services.get(id)).tick);
  context.logger.info({ service: id.toString(), model, tier }, "service on the book");
  return { id, model, tier, unitPrice, engine };
}
