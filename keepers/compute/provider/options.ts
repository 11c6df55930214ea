import type { EngineFactory } from "../engine/engine.ts";
import type { ModelLoader } from "../modelShelf.ts";
import type { TierName } from "../states.ts";

/** One model that this keeper sells. */
export interface ServiceOptions {
  /** Id in the Models contract, 0x-hex. */
  readonly model: string;
  readonly tier: TierName;
  /** Unit price asked, wei; the service stands on the highest price tick that is not above it. */
  readonly unitPrice: bigint;
}

export interface ProviderOptions {
  readonly services: readonly ServiceOptions[];
  /** Bond kept allocated to Services, wei; it bounds the budgets that are admitted. */
  readonly bond: bigint;
  /** How a model's bytes are fetched from storage. */
  readonly loadModel: ModelLoader;
  readonly engines?: EngineFactory;
  /** Units answered ahead of the newest voucher. */
  readonly maxUnpaidUnits?: bigint;
  /** Claims without waiting for the session's end once this much is vouched for and not claimed, wei. */
  readonly claimAbove?: bigint;
  /** Longest pause between two looks at what is due, milliseconds. */
  readonly pollMs?: number;
  /** How long others may be first to fulfil a draw, milliseconds. */
  readonly beaconGraceMs?: number;
  /** Largest request body, bytes. */
  readonly maxRequestBytes?: number;
  /** Largest answer, bytes. */
  readonly maxResponseBytes?: number;
  /** Requests worked on at once; more are told to come back. */
  readonly maxInFlight?: number;
}

export const PROVIDER_DEFAULTS = {
  maxUnpaidUnits: 1024n,
  claimAbove: 2n ** 128n,
  pollMs: 1_000,
  beaconGraceMs: 3_000,
  maxRequestBytes: 8 * 1024 * 1024,
  maxResponseBytes: 8 * 1024 * 1024,
  maxInFlight: 32,
} as const;

export type ProviderSettings = Required<ProviderOptions>;
