import type { TierName } from "../states.ts";
import type { DataType, Tensor } from "../tensors.ts";

/** What a model takes or gives under one name. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DataType;
  /** A number where the model fixes the size; a name where the caller may choose, equal names meaning equal sizes. */
  readonly dims: readonly (number | string)[];
}

export interface EngineLimits {
  /** Largest model file, bytes. */
  readonly maxModelBytes: number;
  /** Largest sum of output elements of one run, bytes. */
  readonly maxOutputBytes: number;
  /** Longest time to read a model and get ready, milliseconds. */
  readonly startTimeoutMs: number;
  /** Longest run, milliseconds; the engine is stopped and started anew after it. */
  readonly runTimeoutMs: number;
}

export const DEFAULT_ENGINE_LIMITS: EngineLimits = {
  maxModelBytes: 256 * 1024 * 1024,
  maxOutputBytes: 16 * 1024 * 1024,
  startTimeoutMs: 120_000,
  runTimeoutMs: 60_000,
};

/** A model ready to answer. */
export interface EngineSession {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Answers a batch as it was sent. Exact tier: same bytes in, same bytes out, on every machine.
   * @throws FatalError compute/invalid-input when the tensors do not fit the model, hold a NaN or an infinity, or the
   * model itself refuses them: the same input will always be refused
   * @throws RetryableError compute/engine-failed when the engine died or ran out of time
   */
  run(tensors: readonly Tensor[]): Promise<Tensor[]>;
  close(): Promise<void>;
}

/** Runs models; never on the thread that calls it. */
export interface Engine {
  /** Name and version, as `Model.engine` pins them: "onnxruntime-web@1.30.0". */
  readonly id: string;
  /** @throws FatalError compute/invalid-model when the bytes are not a model that this engine can run */
  load(model: Uint8Array): Promise<EngineSession>;
  close(): Promise<void>;
}

/** Builds the engine for a tier; injected, so that a demonstration can put another in its place. */
export type EngineFactory = (tier: TierName) => Engine;
