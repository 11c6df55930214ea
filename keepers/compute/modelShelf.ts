import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeBytes32String } from "ethers";
import { FatalError } from "../runtime/errors.ts";
import type { ComputeContracts } from "./contracts.ts";
import type { Engine, EngineFactory, EngineSession } from "./engine/engine.ts";
import { TIER, tierName } from "./states.ts";

/** Fetches an object from storage by its root. */
export type ModelLoader = (storageRoot: string, signal: AbortSignal) => Promise<Uint8Array>;

export interface ModelShelfOptions {
  readonly contracts: ComputeContracts;
  readonly load: ModelLoader;
  readonly engines: EngineFactory;
  /** Where model files are kept, by the hash of their content. */
  readonly directory: string;
  /** Models ready at once; the one unused for longest is put away. */
  readonly maxReady?: number;
  readonly signal: AbortSignal;
}

/** Models of the chain, ready to run. A file is used only when its SHA-256 is the one on chain. */
export class ModelShelf {
  readonly #options: ModelShelfOptions;
  readonly #engines = new Map<number, Engine>();
  readonly #ready = new Map<string, Promise<EngineSession>>();

  constructor(options: ModelShelfOptions) {
    this.#options = options;
  }

  /**
   * @throws FatalError compute/wrong-engine when this keeper's engine isn't the one the model pins, compute/invalid-model
   * when the file is not what the chain says or not a model; what the loader throws
   */
  async get(modelId: string, tier: number): Promise<EngineSession> {
    const key = `${modelId}/${tier}`;
    const found = this.#ready.get(key) ?? this.#load(modelId, tier);
    // The newest use goes last, so the first is the one unused for longest.
    this.#ready.delete(key);
    this.#ready.set(key, found);
    try {
      const session = await found;
      await this.#putAway();
      return session;
    } catch (error) {
      this.#ready.delete(key);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines.values()].map((engine) => engine.close()));
  }

  async #load(modelId: string, tier: number): Promise<EngineSession> {
    const [model] = await this.#options.contracts.models.get(modelId);
    const engine = this.#engineFor(tier);
    const pinned = decodeBytes32String(model.engine);
    if (tier === TIER.exact && pinned !== engine.id) {
      throw new FatalError(
        "compute/wrong-engine",
        `Model ${modelId} is pinned to ${pinned}, this keeper runs ${engine.id}.`,
        {
          modelId,
          pinned,
          engine: engine.id,
        },
      );
    }
    return engine.load(await this.#file(model.storageRoot, model.contentHash));
  }

  #engineFor(tier: number): Engine {
    const engine = this.#engines.get(tier) ?? this.#options.engines(tierName(tier));
    this.#engines.set(tier, engine);
    return engine;
  }

  async #file(storageRoot: string, contentHash: string): Promise<Uint8Array> {
    const path = join(this.#options.directory, `${contentHash.slice(2)}.onnx`);
    const kept = await readFile(path).catch(() => undefined);
    if (kept !== undefined && sha256(kept) === contentHash) return kept;
    const bytes = await this.#options.load(storageRoot, this.#options.signal);
    if (sha256(bytes) !== contentHash) {
      throw new FatalError(
        "compute/invalid-model",
        `The object ${storageRoot} is not the model: its SHA-256 is ${sha256(bytes)}, not ${contentHash}.`,
        {
          storageRoot,
          contentHash,
        },
      );
    }
    await mkdir(this.#options.directory, { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    await writeFile(unfinished, bytes);
    await rename(unfinished, path);
    return bytes;
  }

  async #putAway(): Promise<void> {
    const limit = this.#options.maxReady ?? 4;
    for (const [key, session] of this.#ready) {
      if (this.#ready.size <= limit) return;
      this.#ready.delete(key);
      await session.then(
        (ready) => ready.close(),
        () => undefined,
      );
    }
  }
}

function sha256(bytes: Uint8Array): string {
  return `0x${createHash("sha256").update(bytes).digest("hex")}`;
}
