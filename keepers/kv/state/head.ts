import type { Engine } from "../../runtime/store/engine.ts";
import { streamKey } from "./stateKeys.ts";

/** How far a stream is. */
export interface Head {
  /** Number of the stream in this engine. */
  readonly stream: number;
  /** Batches that were judged, refused ones too: the version of the stream. */
  readonly number: number;
  /** Root of the trie over its entries. */
  readonly root: Buffer;
}

const COUNT_KEY = Buffer.from("n");
const FIXED_BYTES = 12;

export function encodeHead({ stream, number, root }: Head): Buffer {
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + root.length);
  bytes.writeUInt32BE(stream, 0);
  bytes.writeBigUInt64BE(BigInt(number), 4);
  root.copy(bytes, FIXED_BYTES);
  return bytes;
}

/**
 * The head of a stream; one that the engine has not seen gets the next number and is kept. Streams are opened one after the other:
 * two at once would get the same number.
 */
export async function openHead(engine: Engine, id: Uint8Array, emptyRoot: Buffer): Promise<Head> {
  const known = await engine.get(streamKey(id));
  if (known !== undefined)
    return {
      stream: known.readUInt32BE(0),
      number: Number(known.readBigUInt64BE(4)),
      root: known.subarray(FIXED_BYTES),
    };
  const count = (await engine.get(COUNT_KEY))?.readUInt32BE(0) ?? 0;
  const head = { stream: count, number: 0, root: emptyRoot };
  const next = Buffer.allocUnsafe(4);
  next.writeUInt32BE(count + 1);
  await engine.commit([
    { key: COUNT_KEY, value: next },
    { key: streamKey(id), value: encodeHead(head) },
  ]);
  return head;
}
