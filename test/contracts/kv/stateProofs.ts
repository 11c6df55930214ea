import { hexlify, sha256, ZeroHash } from "ethers";
import type { Control } from "../../../keepers/kv/format/controls.ts";
import { SEEN_ALL } from "../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch, type Write } from "../../../keepers/kv/format/streamBatch.ts";
import { StreamState } from "../../../keepers/kv/state/streamState.ts";
import type { ValueProof } from "../../../keepers/kv/state/valueProof.ts";
import type { Engine } from "../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../keepers/runtime/store/lmdbEngine.ts";
import { temporaryDirectory } from "../../keepers/runtime/temporary.ts";

export const OWNER = Buffer.alloc(20, 0xaa);

/** Arguments of StateProof's functions, as the probe takes them. */
export type Holds = [root: string, key: string, version: bigint, value: string, siblings: string[]];
export type Absent = [root: string, key: string, other: Leaf, siblings: string[]];

export interface Leaf {
  readonly keyHash: string;
  readonly content: string;
}

export const NO_LEAF: Leaf = { keyHash: ZeroHash, content: ZeroHash };

/** A stream of one writer on an engine of its own, as nodes hold it. */
export class ProvingStream {
  readonly #engine: Engine;
  readonly #state: StreamState;
  #nonce = 0n;

  private constructor(engine: Engine, state: StreamState) {
    this.#engine = engine;
    this.#state = state;
  }

  static async open(): Promise<ProvingStream> {
    const engine = openLmdbEngine(temporaryDirectory());
    return new ProvingStream(
      engine,
      await StreamState.open(engine, Buffer.concat([OWNER, Buffer.alloc(12)])),
    );
  }

  get root(): string {
    return hexlify(this.#state.head.root);
  }

  async write(writes: readonly Write[], controls: readonly Control[] = []): Promise<void> {
    const bytes = encodeStreamBatch({ seen: SEEN_ALL, reads: [], writes, controls });
    const prepared = await this.#state.prepare([{ writer: OWNER, nonce: this.#nonce++, bytes }]);
    const refusal = prepared.outcomes[0]?.refusal;
    if (refusal !== undefined) throw new Error(`${refusal.code}: ${refusal.reason}`);
    await this.#engine.commit(prepared.writes);
    this.#state.adopt(prepared.head);
  }

  async prove(key: Uint8Array): Promise<ValueProof> {
    return await this.#state.prove(key);
  }

  async holds(key: Uint8Array): Promise<Holds> {
    const { entry, proof } = await this.prove(key);
    if (entry === undefined) throw new Error(`${hexlify(key)} holds nothing`);
    const siblings = proof.siblings.map((one) => hexlify(one));
    return [this.root, hexlify(key), BigInt(entry.version), hexlify(entry.value), siblings];
  }

  async absent(key: Uint8Array): Promise<Absent> {
    const { entry, proof } = await this.prove(key);
    if (entry !== undefined) throw new Error(`${hexlify(key)} holds something`);
    return [this.root, hexlify(key), leafOf(proof), proof.siblings.map((one) => hexlify(one))];
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }
}

export function leafOf({ leaf }: ValueProof["proof"]): Leaf {
  return leaf === undefined ? NO_LEAF : { keyHash: hexlify(leaf.keyHash), content: hexlify(leaf.content) };
}

/** Bytes in hex with one bit flipped. */
export function flipped(hex: string, bit: number): string {
  const bytes = Buffer.from(hex.slice(2), "hex");
  const place = bit % (8 * bytes.length);
  bytes[place >> 3]! ^= 1 << (place & 7);
  return hexlify(bytes);
}

/** Where a key's leaf belongs. */
export function placeOf(key: string): string {
  return sha256(`0x00${key.slice(2)}`);
}

/** Another place, the same up to a bit, counted from the first. */
export function flippedPlace(place: string, bit: number): string {
  return flipped(place, (bit & ~7) | (7 - (bit & 7)));
}

export function hashOf({ keyHash, content }: Leaf): string {
  return sha256(`0x00${keyHash.slice(2)}${content.slice(2)}`);
}

/** The root that a hash leads to from the end of a way to a place, whatever the way's length. */
export function climb(from: string, place: string, way: readonly string[]): string {
  const index = BigInt(place) >> BigInt(256 - way.length);
  return way.reduce((hash, sibling, i) => {
    const [left, right] = (index >> BigInt(i)) & 1n ? [sibling, hash] : [hash, sibling];
    return sha256(`0x01${left.slice(2)}${right.slice(2)}`);
  }, from);
}
