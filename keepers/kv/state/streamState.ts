import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { STREAM_ID_BYTES } from "../format/limits.ts";
import { parseStreamBatch } from "../format/streamBatch.ts";
import type { TrieChange } from "../trie/growing.ts";
import { NodeHasher } from "../trie/nodeHasher.ts";
import { Trie } from "../trie/trie.ts";
import { living, parseEntry } from "./entry.ts";
import { encodeHead, type Head, openHead } from "./head.ts";
import { applyBatch, type Refusal, type Sender, takeNonce } from "./judge.ts";
import { hasLeaf, leafOf, placeOf } from "./leaf.ts";
import { encodeOutcome, type Outcome } from "./outcome.ts";
import { Staging } from "./staging.ts";
import { latestKey, outcomeKey, SPACES, spacedKey, streamKey, triePrefix, undoKey } from "./stateKeys.ts";
import { encodeUndo, undoWrites } from "./undo.ts";
import type { ValueProof } from "./valueProof.ts";

/** A batch as the chain announced it. */
export interface AnnouncedBatch {
  readonly writer: Uint8Array;
  readonly nonce: bigint;
  /** The serialised batch, from whoever stored it. */
  readonly bytes: Uint8Array;
}

/** What a run of batches comes to, until it is committed. */
export interface Prepared {
  readonly head: Head;
  readonly writes: EngineWrite[];
  /** Of each batch, in order. */
  readonly outcomes: readonly Outcome[];
}

/** The state of one stream. Whoever holds it commits what `prepare` and `rewind` give, and then lets it `adopt` the head. */
export class StreamState {
  readonly id: Uint8Array;
  readonly #engine: Engine;
  readonly #trie: Trie;
  #head: Head;

  private constructor(engine: Engine, id: Uint8Array, hasher: NodeHasher, head: Head) {
    this.id = id;
    this.#engine = engine;
    this.#head = head;
    this.#trie = new Trie(engine, hasher, triePrefix(head.stream));
  }

  /** To be called for one stream after the other. @throws FatalError kv/bad-stream unless `id` has the length of one */
  static async open(
    engine: Engine,
    id: Uint8Array,
    hasher: NodeHasher = new NodeHasher(),
  ): Promise<StreamState> {
    if (id.length !== STREAM_ID_BYTES)
      throw new FatalError(
        "kv/bad-stream",
        `the id of a stream has ${STREAM_ID_BYTES} bytes, not ${id.length}`,
      );
    return new StreamState(engine, id, hasher, await openHead(engine, id, hasher.emptyRoot()));
  }

  get head(): Head {
    return this.#head;
  }

  /** Judges batches in their order, each on what the one before has left. */
  async prepare(batches: readonly AnnouncedBatch[]): Promise<Prepared> {
    const { stream } = this.#head;
    const state = new Staging(this.#engine, stream);
    const outcomes: Outcome[] = [];
    const writes: EngineWrite[] = [];
    let { number } = this.#head;
    for (const { writer, nonce, bytes } of batches) {
      const sender = { stream: this.id, writer, nonce, number: ++number };
      const refusal = await judge(state, bytes, sender);
      const outcome = { number, ...(refusal && { refusal }) };
      outcomes.push(outcome);
      writes.push({ key: outcomeKey(stream, number), value: encodeOutcome(outcome) });
      const changed = state.takeChanged();
      if (changed.length > 0) writes.push({ key: undoKey(stream, number), value: encodeUndo(changed) });
    }
    return { ...(await this.#finish(number, leavesOf(state), [...writes, ...state.writes()])), outcomes };
  }

  /** Takes back all batches above a number. */
  async rewind(number: number): Promise<Omit<Prepared, "outcomes">> {
    const { writes, restored } = await undoWrites(this.#engine, this.#head, number);
    const leaves = restored.filter(([key]) => hasLeaf(key)).map(([key, entry]) => leafOf(key, entry));
    return await this.#finish(number, leaves, writes);
  }

  /** What a key holds now, for who knows the root. */
  async prove(key: Uint8Array): Promise<ValueProof> {
    const spaced = spacedKey(SPACES.data, key);
    const { stream, number } = this.#head;
    const [record, proof] = await Promise.all([
      this.#engine.get(latestKey(stream, spaced)),
      this.#trie.prove(placeOf(spaced)),
    ]);
    return { number, entry: living(record && parseEntry(record)), proof };
  }

  /** To be called once the writes are committed. */
  adopt(head: Head): void {
    this.#head = head;
  }

  async #finish(number: number, leaves: readonly TrieChange[], writes: EngineWrite[]) {
    const trie = leaves.length > 0 ? await this.#trie.update(leaves) : { root: this.#head.root, writes: [] };
    const head = { stream: this.#head.stream, number, root: trie.root };
    writes.push(...trie.writes, { key: streamKey(this.id), value: encodeHead(head) });
    return { head, writes };
  }
}

async function judge(state: Staging, bytes: Uint8Array, sender: Sender): Promise<Refusal | undefined> {
  const replayed = await takeNonce(state, sender);
  if (replayed !== undefined) return replayed;
  try {
    return await applyBatch(state, parseStreamBatch(bytes), sender);
  } catch (error) {
    if (error instanceof MyceliaError && error.code === "kv/bad-batch")
      return { code: "kv/bad-batch", reason: error.message };
    throw error;
  }
}

function leavesOf(state: Staging): TrieChange[] {
  const leaves: TrieChange[] = [];
  for (const [key, entry] of state.changes()) if (hasLeaf(key)) leaves.push(leafOf(key, entry));
  return leaves;
}
