import { expect } from "chai";
import { type Codec, type RowRefusal, RowRefusedError, type Shape } from "../../../keepers/coding/codec.ts";
import { Combiner } from "../../../keepers/coding/combiner.ts";
import { commitmentOf } from "../../../keepers/coding/commit.ts";
import { createField } from "../../../keepers/coding/field.ts";
import { merklePath, merkleTree, nodeOf } from "../../../keepers/coding/merkle.ts";

/** What a holder is sent, as copies that outlive the segment. */
export interface Sent {
  readonly shape: Shape;
  readonly commitment: Uint8Array;
  readonly rlc: Uint8Array;
  readonly rows: Uint8Array[];
  readonly paths: Uint8Array[];
  readonly rlcPaths: Uint8Array[];
}

/** Bytes that look random and are the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 255;
  });
}

export async function send(codec: Codec, data: Uint8Array, shape: Shape): Promise<Sent> {
  const segment = await codec.encode(data, shape);
  const indices = Array.from({ length: shape.k + shape.n }, (_, index) => index);
  const sent = {
    shape,
    commitment: segment.commitment,
    rlc: Uint8Array.from(segment.rlc),
    rows: indices.map((index) => Uint8Array.from(segment.row(index))),
    paths: indices.map((index) => segment.rowPath(index)),
    rlcPaths: indices.slice(0, shape.k).map((index) => segment.rlcPath(index)),
  };
  segment.release();
  return sent;
}

/** Commits to rows as they are, whether or not they are a codeword: what a dishonest writer would send. */
export function commitToRows(shape: Shape, rows: Uint8Array[]): Sent {
  const tree = merkleTree(rows);
  const combiner = new Combiner(createField(), shape.rowSize);
  combiner.prepare(nodeOf(tree, 1), shape);
  const combinations = rows.slice(0, shape.k).map((row) => Uint8Array.from(combiner.combine(row)));
  const combinationTree = merkleTree(combinations);
  return {
    shape,
    commitment: commitmentOf(nodeOf(tree, 1), nodeOf(combinationTree, 1)),
    rlc: Buffer.concat(combinations),
    rows,
    paths: rows.map((_, index) => merklePath(tree, index)),
    rlcPaths: combinations.map((_, index) => merklePath(combinationTree, index)),
  };
}

/** A copy with one byte changed. */
export function bent(bytes: Uint8Array, at: number, mask = 1): Uint8Array {
  return bytes.with(at, bytes[at]! ^ mask);
}

export function refusal(act: () => void): RowRefusal | undefined {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(RowRefusedError);
    const refused = error as RowRefusedError;
    expect([refused.code, refused.retry]).to.deep.equal(["coding/row-refused", false]);
    return refused.reason;
  }
  return undefined;
}

/** Every way to pick `count` of `from`. */
export function* subsets(from: readonly number[], count: number): Generator<number[]> {
  if (count === 0) yield [];
  else
    for (let first = 0; first <= from.length - count; first++)
      for (const rest of subsets(from.slice(first + 1), count - 1)) yield [from[first]!, ...rest];
}
