import type { Tensor } from "../tensors.ts";
import type { TensorSpec } from "./engine.ts";

/** Which build of ONNX Runtime answers: WebAssembly (same bits everywhere) or native (faster, bits differ by machine). */
export type Runtime = "web" | "node";

/** What a worker thread is started with. */
export interface WorkerStart {
  readonly runtime: Runtime;
  readonly threads: number;
  readonly maxOutputBytes: number;
  readonly model: Uint8Array;
}

export interface RunRequest {
  readonly id: number;
  readonly tensors: readonly Tensor[];
}

/** What a worker thread says: first ready or refused, then one answer to each request. */
export type WorkerMessage =
  | {
      readonly kind: "ready";
      readonly inputs: readonly TensorSpec[];
      readonly outputs: readonly TensorSpec[];
    }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "answer"; readonly id: number; readonly tensors: readonly Tensor[] }
  | { readonly kind: "failure"; readonly id: number; readonly why: string };
