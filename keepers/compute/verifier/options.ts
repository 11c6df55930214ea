import type { EngineFactory } from "../engine/engine.ts";
import type { ModelLoader } from "../modelShelf.ts";

export interface VerifierOptions {
  /** Bond kept allocated to Audits, wei; what `audits.verifierBond` asks when absent. */
  readonly bond?: bigint;
  /** How a model's bytes are fetched from storage. */
  readonly loadModel: ModelLoader;
  readonly engines?: EngineFactory;
  /** Longest pause between two looks at what is due, milliseconds. */
  readonly pollMs?: number;
  /** Seconds before the deadline at which a request that was not served is given up; a quarter of the window at most. */
  readonly withholdMargin?: number;
  /** Largest request fetched, bytes. */
  readonly maxRequestBytes?: number;
  /** Models ready at once. */
  readonly maxModels?: number;
}

export const VERIFIER_DEFAULTS = {
  pollMs: 1_000,
  withholdMargin: 30,
  maxRequestBytes: 8 * 1024 * 1024,
  maxModels: 4,
} as const;

export type VerifierSettings = Required<Omit<VerifierOptions, "bond">> & {
  readonly bond: bigint | undefined;
};
