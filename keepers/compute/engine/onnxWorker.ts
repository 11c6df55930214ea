import { parentPort, workerData } from "node:worker_threads";
import type { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-common";
import { DATA_TYPES, type DataType, type Tensor, type TensorData } from "../tensors.ts";
import type { TensorSpec } from "./engine.ts";
import type { RunRequest, WorkerMessage, WorkerStart } from "./protocol.ts";

// Runs in a worker thread of its own, one for each loaded model.
type Onnx = typeof import("onnxruntime-common");

const port = parentPort!;
const start = workerData as WorkerStart;

const say = (message: WorkerMessage, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);
const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 500);

async function importRuntime(): Promise<Onnx> {
  if (start.runtime === "node") return (await import("onnxruntime-node")) as unknown as Onnx;
  const onnx = (await import("onnxruntime-web")) as unknown as Onnx;
  onnx.env.wasm.numThreads = start.threads;
  return onnx;
}

function createSession(onnx: Onnx): Promise<InferenceSession> {
  return onnx.InferenceSession.create(start.model, {
    executionProviders: [start.runtime === "node" ? "cpu" : "wasm"],
    intraOpNumThreads: start.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
}

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor || !DATA_TYPES.includes(metadata.type as DataType)) {
    throw new Error(`"${metadata.name}" is of a kind that is not supported`);
  }
  return { name: metadata.name, dtype: metadata.type as DataType, dims: metadata.shape };
}

async function answer(onnx: Onnx, session: InferenceSession, request: RunRequest): Promise<void> {
  const feeds: Record<string, OnnxTensor> = {};
  for (const { name, dtype, data, dims } of request.tensors) {
    feeds[name] = new onnx.Tensor(dtype as "float32", data as Float32Array, dims);
  }
  const results = await session.run(feeds);
  let size = 0;
  const tensors = session.outputNames.map((name): Tensor => {
    const { type, dims, data } = results[name]!;
    const copy = (data as Float32Array).slice() as TensorData;
    size += copy.byteLength;
    if (size > start.maxOutputBytes)
      throw new Error(`the answer is larger than ${start.maxOutputBytes} bytes`);
    return { name, dtype: type as DataType, dims: [...dims], data: copy };
  });
  say(
    { kind: "answer", id: request.id, tensors },
    tensors.map(({ data }) => data.buffer as ArrayBuffer),
  );
}

try {
  const onnx = await importRuntime();
  const session = await createSession(onnx);
  say({
    kind: "ready",
    inputs: session.inputMetadata.map(specOf),
    outputs: session.outputMetadata.map(specOf),
  });
  let turn = Promise.resolve();
  port.on("message", (request: RunRequest) => {
    turn = turn
      .then(() => answer(onnx, session, request))
      .catch((error: unknown) => say({ kind: "failure", id: request.id, why: reason(error) }));
  });
} catch (error) {
  say({ kind: "refused", why: reason(error) });
}
