import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { STREAM_ID_BYTES } from "../format/limits.ts";
import { parseStreamBatch, type StreamBatch } from "../format/streamBatch.ts";
import { NodeHasher } from "../trie/nodeHasher.ts";
import { NodesAhead } from "../trie/nodesAhead.ts";
import { Trie, type TrieNodes } from "../trie/trie.ts";
import { rightsOf } from "./access.ts";
import { dropKept, KeptNodes, NodesAt, withCheckpoint } from "./checkpoints.ts";
import { encodeHead, type Head, openHead } from "./head.ts";
import { applyBatch, judgeSender, noteNonce, type Refusal, type Sender, type Touched } from "./judge.ts";
import { type KeyRecord, leavesOf } from "./leaf.ts";
import { encodeOutcome, type Outcome } from "./outcome.ts";
import { placeOf } from "./place.ts";
import { type Cell, Staging } from "./staging.ts";
import { dataKey, outcomeKey, SPACES, spacedKey, streamKey, triePrefix, undoKey } from "./stateKeys.ts";
import { StreamReader } from "./streamReader.ts";
import { encodeUndo, undoWrites } from "./undo.ts";
import type { ValueProof } from "./valueProof.ts";

/** A batch as the chain announced it. */
export interface AnnouncedBatch {
  readonly writer: Uint8Array;
  readonly nonce: bigint;
  /** The serialised batch, from whoever stored it; undefined while nobody has given it. */
  readonly bytes: Uint8Array | undefined;
}

/** What a run of batches comes to, until it is committed. */
export interface Prepared {
  readonly head: Head;
  readonly writes: EngineWrite[];
  /** Of each batch that was judged, in order: it ends before one whose bytes are missed. */
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

  /** Whether the engine has seen a stream. */
  static async isKnown(engine: Engine, id: Uint8Array): Promise<boolean> {
    return (await engine.get(streamKey(id))) !== undefined;
  }

  get head(): Head {
    return this.#head;
  }

  /** Whether an account may do anything at all in the stream. */
  async knows(account: Uint8Array): Promise<boolean> {
    const state = new Staging(this.#engine, this.#head.stream);
    return (await rightsOf(state, this.id, account)).hasAny;
  }

  /**
   * Judges batches in their order, each on what the one before has left.
   * @param onto what may still be on its way to the engine; all before it is there
   * @param isCheckpoint whether the state before them is to stay provable
   */
  async prepare(
    batches: readonly AnnouncedBatch[],
    onto?: Prepared,
    isCheckpoint = false,
  ): Promise<Prepared> {
    const { head: last, ahead: under } = onto ?? { head: this.#head, ahead: undefined };
    const { head: before, dropped } = isCheckpoint ? withCheckpoint(last) : { head: last, dropped: [] };
    const { stream } = before;
    const state = new Staging(this.#engine, stream, under?.state);
    const parsed = batches.map(({ bytes }) => parse(bytes));
    const touched = await touch(state, stream, parsed);
    const outcomes: Outcome[] = [];
    const writes = await dropKept(this.#engine, stream, dropped);
    let { number } = before;
    for (const [i, { writer, nonce }] of batches.entries()) {
      const sender = { stream: this.id, writer, nonce, number: number + 1 };
      const refusal = await judge(state, parsed[i], touched[i]!, sender);
      if (refusal === "bytes missed") break;
      number++;
      const outcome = { number, ...(refusal && { refusal }) };
      outcomes.push(outcome);
      writes.push({ key: outcomeKey(stream, number), value: encodeOutcome(outcome) });
      const changed = state.takeChanged();
      if (changed.length > 0) writes.push({ key: undoKey(stream, number), value: encodeUndo(changed) });
    }
    const staged = state.finish();
    for (const write of staged.writes) writes.push(write);
    const nodes = under === undefined ? this.#engine : new NodesAhead(this.#engine, under.nodes);
    const { head, trie } = await this.#finish({ ...before, number }, staged.changed, writes, nodes);
    return { head, writes, outcomes, ahead: { state, nodes: trie } };
  }

  /** Takes back all batches above a number. */
  async rewind(number: number): Promise<Pick<Prepared, "head" | "writes">> {
    const { writes, restored } = await undoWrites(this.#engine, this.#head, number);
    const { stream, checkpoints } = this.#head;
    const gone = checkpoints.filter((one) => one.number > number);
    for (const write of await dropKept(this.#engine, stream, gone)) writes.push(write);
    const left = checkpoints.slice(0, checkpoints.length - gone.length);
    const head = { ...this.#head, number, checkpoints: left };
    return { head: (await this.#update(head, restored, writes, this.#engine)).head, writes };
  }

  /**
   * What a key holds now, or at a checkpoint, for who knows the root.
   * @throws FatalError kv/no-proof for any other version
   */
  async prove(key: Uint8Array, at = this.#head.number): Promise<ValueProof> {
    const { stream, number, checkpoints } = this.#head;
    const index = checkpoints.findIndex((one) => one.number === at);
    if (at !== number && index < 0)
      throw new FatalError("kv/no-proof", `of version ${at} nothing can be proven; of ${number} it can`);
    const nodes = at === number ? this.#engine : new NodesAt(this.#engine, stream, checkpoints.slice(index));
    const [entry, proof] = await Promise.all([
      new StreamReader(this.#engine, stream).get(key, at),
      this.#trie.prove(placeOf(spacedKey(SPACES.data, key)), nodes),
    ]);
    return { number: at, entry, proof };
  }

  /** To be called once the writes are committed. */
  adopt(head: Head): void {
    this.#head = head;
  }

  /** Takes what has changed into the trie, and keeps for the newest checkpoint what nodes were. */
  async #finish(
    head: Head,
    changed: readonly KeyRecord[],
    writes: EngineWrite[],
    nodes: TrieNodes,
  ): Promise<{ readonly head: Head; readonly trie: EngineWrite[] }> {
    const checkpoint = head.checkpoints.at(-1);
    if (checkpoint === undefined) return await this.#update(head, changed, writes, nodes);
    const keeping = new KeptNodes(nodes, head.stream, checkpoint);
    const { head: next, trie } = await this.#update(head, changed, writes, keeping);
    for (const write of keeping.writes) writes.push(write);
    return { head: next, trie: [...trie, ...keeping.writes] };
  }

  /** Takes what has changed into the trie, and adds its writes and the head's. */
  async #update(head: Head, changed: readonly KeyRecord[], writes: EngineWrite[], nodes: TrieNodes) {
    let [root, trie]: [Buffer, EngineWrite[]] = [head.root, []];
    if (changed.length > 0)
      ({ root, writes: trie } = await this.#trie.update(leavesOf(changed, this.#hasher.messages), nodes));
    const next = { ...head, root };
    for (const write of trie) writes.push(write);
    writes.push({ key: streamKey(this.id), value: encodeHead(next) });
    return { head: next, trie };
  }
}

/** Judges one on what stands in `state`; without its bytes, only as far as they aren't needed. */
async function judge(
  state: Staging,
  batch: StreamBatch | Refusal | undefined,
  touched: Touched,
  sender: Sender,
): Promise<Refusal | "bytes missed" | undefined> {
  const rights = await rightsOf(state, sender.stream, sender.writer);
  const refused = await judgeSender(state, sender, rights);
  if (refused !== undefined) return refused;
  if (batch === undefined) return "bytes missed";
  await noteNonce(state, sender);
  return "code" in batch ? batch : await applyBatch(state, batch, touched, sender, rights);
}

/** The batch, or why it is none. */
function parse(bytes: Uint8Array | undefined): StreamBatch | Refusal | undefined {
  if (bytes === undefined) return undefined;
  try {
    return parseStreamBatch(bytes);
  } catch (error) {
    if (error instanceof MyceliaError && error.code === "kv/bad-batch")
      return { code: "kv/bad-batch", reason: error.message };
    throw error;
  }
}

/** Loads together what batches will be judged by. */
async function touch(
  state: Staging,
  stream: number,
  parsed: readonly (StreamBatch | Refusal | undefined)[],
): Promise<Touched[]> {
  const parts = parsed.map((batch) => {
    if (batch === undefined || "code" in batch) return { reads: [], writes: [] };
    return {
      reads: batch.reads.map((key) => dataKey(stream, key)),
      writes: batch.writes.map(({ key }) => dataKey(stream, key)),
    };
  });
  const cells = await state.load(parts.flatMap(({ reads, writes }) => [...reads, ...writes]));
  let at = 0;
  const next = (count: number): Cell[] => {
    at += count;
    return cells.slice(at - count, at);
  };
  return parts.map(({ reads, writes }) => ({ reads: next(reads.length), writes: next(writes.length) }));
}
