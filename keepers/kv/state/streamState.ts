import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { STREAM_ID_BYTES } from "../format/limits.ts";
import { parseStreamBatch, type StreamBatch } from "../format/streamBatch.ts";
import { NodeHasher } from "../trie/nodeHasher.ts";
import { NodesAhead } from "../trie/nodesAhead.ts";
import { Trie, type TrieNodes } from "../trie/trie.ts";
import { parseLiving } from "./entry.ts";
import { encodeHead, type Head, openHead } from "./head.ts";
import { applyBatch, type Refusal, type Sender, takeNonce } from "./judge.ts";
import { type KeyRecord, leavesOf, placeOf } from "./leaf.ts";
import { encodeOutcome, type Outcome } from "./outcome.ts";
import { Staging } from "./staging.ts";
import {
  latestKey,
  outcomeKey,
  SPACES,
  type SpacedKey,
  spacedKey,
  streamKey,
  triePrefix,
  undoKey,
} from "./stateKeys.ts";
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
  /** What the next batches are judged on while this is being committed. */
  readonly ahead: { readonly state: Staging; readonly nodes: readonly EngineWrite[] };
}

/** The state of one stream. Whoever holds it commits what `prepare` and `rewind` give, and then lets it `adopt` the head. */
export class StreamState {
  readonly id: Uint8Array;
  readonly #engine: Engine;
  readonly #hasher: NodeHasher;
  readonly #trie: Trie;
  #head: Head;

  private constructor(engine: Engine, id: Uint8Array, hasher: NodeHasher, head: Head) {
    this.id = id;
    this.#engine = engine;
    this.#head = head;
    this.#hasher = hasher;
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

  /**
   * Judges batches in their order, each on what the one before has left.
   * @param onto what may still be on its way to the engine; all before it is there
   */
  async prepare(batches: readonly AnnouncedBatch[], onto?: Prepared): Promise<Prepared> {
    const { head: before, ahead: under } = onto ?? { head: this.#head, ahead: undefined };
    const { stream } = before;
    const state = new Staging(this.#engine, stream, under?.state);
    const parsed = batches.map(({ bytes }) => parse(bytes));
    await state.loadAhead(parsed.flatMap(keysOf));
    const outcomes: Outcome[] = [];
    const writes: EngineWrite[] = [];
    let { number } = before;
    for (const [i, { writer, nonce }] of batches.entries()) {
      const sender = { stream: this.id, writer, nonce, number: ++number };
      const refusal = (await takeNonce(state, sender)) ?? (await judge(state, parsed[i]!, sender));
      const outcome = { number, ...(refusal && { refusal }) };
      outcomes.push(outcome);
      writes.push({ key: outcomeKey(stream, number), value: encodeOutcome(outcome) });
      const changed = state.takeChanged();
      if (changed.length > 0) writes.push({ key: undoKey(stream, number), value: encodeUndo(changed) });
    }
    const staged = state.finish();
    for (const write of staged.writes) writes.push(write);
    const nodes = under && new NodesAhead(this.#engine, under.nodes);
    const { head, trie } = await this.#finish({ ...before, number }, staged.changed, writes, nodes);
    return { head, writes, outcomes, ahead: { state, nodes: trie } };
  }

  /** Takes back all batches above a number. */
  async rewind(number: number): Promise<Pick<Prepared, "head" | "writes">> {
    const { writes, restored } = await undoWrites(this.#engine, this.#head, number);
    const { head } = await this.#finish({ ...this.#head, number }, restored, writes);
    return { head, writes };
  }

  /** What a key holds now, for who knows the root. */
  async prove(key: Uint8Array): Promise<ValueProof> {
    const spaced = spacedKey(SPACES.data, key);
    const { stream, number } = this.#head;
    const [record, proof] = await Promise.all([
      this.#engine.get(latestKey(stream, spaced)),
      this.#trie.prove(placeOf(spaced)),
    ]);
    return { number, entry: record && parseLiving(record), proof };
  }

  /** To be called once the writes are committed. */
  adopt(head: Head): void {
    this.#head = head;
  }

  /** Takes what has changed into the trie, and adds its writes and the head's. */
  async #finish(head: Head, changed: readonly KeyRecord[], writes: EngineWrite[], nodes?: TrieNodes) {
    let [root, trie]: [Buffer, EngineWrite[]] = [head.root, []];
    if (changed.length > 0)
      ({ root, writes: trie } = await this.#trie.update(leavesOf(changed, this.#hasher.messages), nodes));
    const next = { ...head, root };
    for (const write of trie) writes.push(write);
    writes.push({ key: streamKey(this.id), value: encodeHead(next) });
    return { head: next, trie };
  }
}

/** The batch, or why it is none. */
function parse(bytes: Uint8Array): StreamBatch | Refusal {
  try {
    return parseStreamBatch(bytes);
  } catch (error) {
    if (error instanceof MyceliaError && error.code === "kv/bad-batch")
      return { code: "kv/bad-batch", reason: error.message };
    throw error;
  }
}

/** Keys of the data that a batch will be judged by. */
function keysOf(batch: StreamBatch | Refusal): SpacedKey[] {
  if ("code" in batch) return [];
  const keys = batch.reads.map(dataKey);
  for (const { key } of batch.writes) keys.push(dataKey(key));
  return keys;
}

async function judge(
  state: Staging,
  batch: StreamBatch | Refusal,
  sender: Sender,
): Promise<Refusal | undefined> {
  return "code" in batch ? batch : await applyBatch(state, batch, sender);
}

function dataKey(key: Uint8Array): SpacedKey {
  return spacedKey(SPACES.data, key);
}
