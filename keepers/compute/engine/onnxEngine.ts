import type { Worker } from "node:worker_threads";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { startWorker } from "../../runtime/lifecycle/workers.ts";
import type { Tensor } from "../tensors.ts";
import {
  DEFAULT_ENGINE_LIMITS,
  type Engine,
  type EngineFactory,
  type EngineLimits,
  type EngineSession,
  type TensorSpec,
} from "./engine.ts";
import { checkInputs } from "./inputs.ts";
import type { Runtime, WorkerMessage, WorkerStart } from "./protocol.ts";

interface OnnxEngineOptions {
  /** Threads inside one run; 1 when absent. */
  readonly threads?: number;
  readonly limits?: Partial<EngineLimits>;
}

/** The engine of the exact tier; `Model.engine` of an exact model names this. */
export const EXACT_ENGINE = "onnxruntime-web@1.30.0";
const NATIVE_ENGINE = "onnxruntime-node@1.30.0";

/** ONNX Runtime as WebAssembly: equal bits on every machine, whatever its processor. */
export function createExactEngine(options: OnnxEngineOptions = {}): Engine {
  return new OnnxEngine(EXACT_ENGINE, "web", options);
}

/** ONNX Runtime native: faster, and right to within a tolerance only. */
export function createNativeEngine(options: OnnxEngineOptions = {}): Engine {
  return new OnnxEngine(NATIVE_ENGINE, "node", options);
}

/** The engine that fits a tier: WebAssembly where bits are compared, native elsewhere. */
export const engineForTier: EngineFactory = (tier) =>
  tier === "exact" ? createExactEngine() : createNativeEngine();

class OnnxEngine implements Engine {
  readonly id: string;
  readonly #runtime: Runtime;
  readonly #threads: number;
  readonly #limits: EngineLimits;
  readonly #sessions = new Set<OnnxSession>();

  constructor(id: string, runtime: Runtime, options: OnnxEngineOptions) {
    this.id = id;
    this.#runtime = runtime;
    this.#threads = options.threads ?? 1;
    this.#limits = { ...DEFAULT_ENGINE_LIMITS, ...options.limits };
  }

  async load(model: Uint8Array): Promise<EngineSession> {
    const { maxModelBytes, maxOutputBytes } = this.#limits;
    if (model.length === 0) throw invalidModel("the file is empty");
    if (model.length > maxModelBytes)
      throw invalidModel(`${model.length} bytes are more than the limit of ${maxModelBytes}`);
    const start = { runtime: this.#runtime, threads: this.#threads, maxOutputBytes, model };
    const session = new OnnxSession(start, this.#limits, (closed) => this.#sessions.delete(closed));
    this.#sessions.add(session);
    try {
      await session.ready();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
  }
}

interface Waiting {
  resolve(tensors: Tensor[]): void;
  reject(error: Error): void;
}

interface Specs {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** One model in one worker thread, which is started again after it died. */
class OnnxSession implements EngineSession {
  readonly #start: WorkerStart;
  readonly #limits: EngineLimits;
  readonly #onClose: (session: OnnxSession) => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #starting: Promise<Specs> | undefined;
  #specs: Specs = { inputs: [], outputs: [] };
  #nextId = 0;
  #closed = false;

  constructor(start: WorkerStart, limits: EngineLimits, onClose: (session: OnnxSession) => void) {
    this.#start = start;
    this.#limits = limits;
    this.#onClose = onClose;
  }

  get inputs(): readonly TensorSpec[] {
    return this.#specs.inputs;
  }

  get outputs(): readonly TensorSpec[] {
    return this.#specs.outputs;
  }

  async ready(): Promise<void> {
    if (this.#closed) throw new FatalError("compute/engine-closed", "The engine has been closed.");
    this.#starting ??= this.#startWorker();
    this.#specs = await this.#starting;
  }

  async run(tensors: readonly Tensor[]): Promise<Tensor[]> {
    checkInputs(this.#specs.inputs, tensors);
    await this.ready();
    const id = this.#nextId++;
    const worker = this.#worker!;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Tensor[]>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        timer = setTimeout(() => {
          this.#fail(worker, `no answer within ${this.#limits.runTimeoutMs} ms`);
        }, this.#limits.runTimeoutMs);
        worker.postMessage({ id, tensors });
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#onClose(this);
    const worker = this.#worker;
    if (worker !== undefined) this.#fail(worker, "it was closed");
    await worker?.terminate();
  }

  #startWorker(): Promise<Specs> {
    const worker = startWorker("onnxWorker", import.meta.url, { workerData: this.#start });
    worker.unref();
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(worker, "it did not start in time"),
        this.#limits.startTimeoutMs,
      );
      const stopped = (why: string): void => {
        clearTimeout(timer);
        reject(engineFailed(why));
        this.#fail(worker, why);
      };
      worker.on("error", (error) => stopped(error instanceof Error ? error.message : String(error)));
      worker.on("exit", () => stopped("its thread ended"));
      worker.on("message", (message: WorkerMessage) => {
        clearTimeout(timer);
        if (message.kind === "ready") resolve(message);
        else if (message.kind === "refused") reject(invalidModel(message.why));
        else this.#settle(message);
      });
    });
  }

  #settle(message: Extract<WorkerMessage, { kind: "answer" | "failure" }>): void {
    const waiting = this.#waiting.get(message.id);
    if (message.kind === "answer") waiting?.resolve([...message.tensors]);
    else
      waiting?.reject(new FatalError("compute/invalid-input", `Input refused by the model: ${message.why}`));
  }

  #fail(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#starting = undefined;
    for (const { reject } of this.#waiting.values()) reject(engineFailed(why));
    this.#waiting.clear();
    void worker.terminate();
  }
}

function invalidModel(why: string): FatalError {
  return new FatalError("compute/invalid-model", `Model refused: ${why}.`);
}

function engineFailed(why: string): RetryableError {
  return new RetryableError("compute/engine-failed", `The engine stopped: ${why}.`);
}
