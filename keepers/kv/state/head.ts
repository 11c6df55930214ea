import type { Engine } from "../../runtime/store/engine.ts";
import { streamKey } from "./stateKeys.ts";

/** A version, and the root of the trie over its entries. */
export interface Checkpoint {
  readonly number: number;
  readonly root: Buffer;
}

/** How far a stream is. */
export interface Head {
  /** Number of the stream in this engine. */
  readonly stream: number;
  /** Batches that were judged, refused ones too: the version of the stream. */
  readonly number: number;
  /** Root of the trie over its entries. */
  readonly root: Buffer;
  /** Earlier versions whose state can still be proven, oldest first. */
  readonly checkpoints: readonly Checkpoint[];
}

const COUNT_KEY = Buffer.from("n");
const STREAM_BYTES = 4;
/** A version u64 and its root. */
const CHECKPOINT_BYTES = 8 + 32;

/** Serialises a head: its stream's number u32, then version u64 and root of its own and of each checkpoint. */
export function encodeHead({ stream, number, root, checkpoints }: Head): Buffer {
  const bytes = Buffer.allocUnsafe(STREAM_BYTES + CHECKPOINT_BYTES * (1 + checkpoints.length));
  let at = bytes.writeUInt32BE(stream, 0);
  for (const one of [{ number, root }, ...checkpoints]) {
    at = bytes.writeBigUInt64BE(BigInt(one.number), at);
    at += one.root.copy(bytes, at);
  }
  return bytes;
}

function parseHead(bytes: Buffer): Head {
  const all: Checkpoint[] = [];
  for (let at = STREAM_BYTES; at < bytes.length; at += CHECKPOINT_BYTES)
    all.push({
      number: Number(bytes.readBigUInt64BE(at)),
      root: bytes.subarray(at + 8, at + CHECKPOINT_BYTES),
    });
  const [own, ...checkpoints] = all;
  return { stream: bytes.readUInt32BE(0), ...own!, checkpoints };
}

/**
 * The head of a stream; one that the engine has not seen gets the next number and is kept. Streams are opened one after the other:
 * two at once would get the same number.
 */
export async function openHead(engine: Engine, id: Uint8Array, emptyRoot: Buffer): Promise<Head> {
  const known = await engine.get(streamKey(id));
  if (known !== undefined) return parseHead(known);
  const count = (await engine.get(COUNT_KEY))?.readUInt32BE(0) ?? 0;
  const head = { stream: count, number: 0, root: emptyRoot, checkpoints: [] };
  const next = Buffer.allocUnsafe(4);
  next.writeUInt32BE(count + 1);
  await engine.commit([
    { key: COUNT_KEY, value: next },
    { key: streamKey(id), value: encodeHead(head) },
  ]);
  return head;
}
