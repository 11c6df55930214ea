import type { EngineSession } from "../engine/engine.ts";
import type { TierName } from "../states.ts";
import type { ProviderParts } from "./parts.ts";

/** A service of this provider, on the book and ready. */
export interface OfferedService {
  readonly id: bigint;
  readonly model: string;
  readonly tier: TierName;
  readonly unitPrice: bigint;
  readonly engine: EngineSession;
}

/** What GET /v1/services tells: prices bind on chain only, shapes help to build a request. */
export function describeServices(parts: ProviderParts, offered: readonly OfferedService[]) {
  const { settings, context } = parts;
  return {
    operator: context.transactions.address,
    services: offered.map(({ id, model, tier, unitPrice, engine }) => ({
      id,
      model,
      tier,
      unitPrice,
      inputs: engine.inputs,
      outputs: engine.outputs,
    })),
    limits: {
      maxUnpaidUnits: settings.maxUnpaidUnits,
      maxRequestBytes: settings.maxRequestBytes,
      maxResponseBytes: settings.maxResponseBytes,
    },
  };
}
