import { KeyedLock } from "../../runtime/keyedLock.ts";
import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { StreamPipeline } from "../state/streamPipeline.ts";
import { StreamReader } from "../state/streamReader.ts";
import { type Prepared, StreamState } from "../state/streamState.ts";
import { NodeHasher } from "../trie/nodeHasher.ts";

/** Streams of an engine; each changes by one hand at a time. */
export class OpenStreams {
  readonly #engine: Engine;
  readonly #hasher = new NodeHasher();
  readonly #states = new Map<string, StreamState>();
  readonly #locks = new KeyedLock();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Runs while nobody else changes the stream; one that was not known begins. */
  async change<T>(id: Buffer, work: (state: StreamState) => Promise<T>): Promise<T> {
    return await this.#locks.run(id.toString("hex"), async () => await work(await this.#open(id)));
  }

  /** What takes batches into a state, to be settled before the stream is let go. */
  pipeline(state: StreamState): StreamPipeline {
    return new StreamPipeline(this.#engine, state);
  }

  /** Commits what a state has come to, and `also` with it. */
  async commit(
    state: StreamState,
    { head, writes }: Pick<Prepared, "head" | "writes">,
    also: readonly EngineWrite[] = [],
  ): Promise<void> {
    await this.#engine.commit([...writes, ...also]);
    state.adopt(head);
  }

  /** Where a stream is, and what reads it; undefined for one of which nothing was ever announced. */
  async find(
    id: Buffer,
  ): Promise<{ readonly state: StreamState; readonly reader: StreamReader } | undefined> {
    const open = this.#states.get(id.toString("hex"));
    if (open === undefined && !(await StreamState.isKnown(this.#engine, id))) return undefined;
    const state = open ?? (await this.change(id, async (opened) => opened));
    return { state, reader: new StreamReader(this.#engine, state.head.stream) };
  }

  async #open(id: Buffer): Promise<StreamState> {
    const name = id.toString("hex");
    const open = this.#states.get(name);
    if (open !== undefined) return open;
    // Two that are new at once would get one number.
    return await this.#locks.run("numbers", async () => {
      const state = await StreamState.open(this.#engine, id, this.#hasher);
      this.#states.set(name, state);
      return state;
    });
  }
}
