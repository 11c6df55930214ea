import { FatalError } from "../../runtime/errors.ts";
import {
  CHUNK_BYTES,
  Decryptor,
  ENCRYPTION_HEADER_BYTES,
  plainBytes,
  sealedRange,
} from "../format/encryption.ts";
import type { ManifestNode } from "../format/manifestNode.ts";
import { segmentsIn } from "../format/manifestTree.ts";
import type { ItemFinder } from "./itemFinder.ts";
import type { SegmentReader } from "./segmentReader.ts";

/** Bytes that can be read from anywhere; `read` is given a part that lies inside and is not empty. */
export interface ObjectBytes {
  readonly size: number;
  read(offset: number, length: number, signal: AbortSignal): AsyncGenerator<Uint8Array>;
}

/** @throws FatalError storage/bad-range unless a part lies inside and is not empty */
export function requireRange(offset: number, length: number, size: number): void {
  const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length > 0;
  if (isInside && offset + length <= size) return;
  throw new FatalError(
    "storage/bad-range",
    `${length} bytes from byte ${offset} are not in an object of ${size} bytes`,
    { offset, length, size },
  );
}

/** An object that is at hand. */
export function bytesAtHand(bytes: Uint8Array): ObjectBytes {
  return {
    size: bytes.length,
    async *read(offset, length) {
      yield bytes.subarray(offset, offset + length);
    },
  };
}

/** An object under a manifest; a few segments are read ahead. */
export function bytesUnder(
  root: ManifestNode,
  reader: SegmentReader,
  finder: ItemFinder,
  segmentsInFlight: number,
): ObjectBytes {
  return {
    size: root.size,
    async *read(offset, length, signal) {
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const fetch = async (name: Uint8Array) => (await finder.find(name, either)).bytes;
      const ahead: Promise<Uint8Array>[] = [];
      try {
        for await (const { segment, start } of segmentsIn(root, { offset, length }, { fetch })) {
          const from = Math.max(0, offset - start);
          const to = Math.min(segment.length, offset + length - start);
          const reading =
            to - from === segment.length
              ? reader.whole(segment, either).then((bytes) => bytes.subarray(0, segment.length))
              : reader.part(segment, from, to, either);
          reading.catch(() => undefined);
          ahead.push(reading);
          if (ahead.length >= segmentsInFlight) yield await ahead.shift()!;
        }
        while (ahead.length > 0) yield await ahead.shift()!;
      } finally {
        stop.abort();
      }
    },
  };
}

/**
 * What is inside an encrypted object.
 * @throws FatalError storage/not-authentic, storage/wrong-key, storage/bad-key
 */
export async function bytesInside(
  sealed: ObjectBytes,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<ObjectBytes> {
  const size = plainBytes(sealed.size);
  const parts: Uint8Array[] = [];
  for await (const part of sealed.read(0, ENCRYPTION_HEADER_BYTES, signal)) parts.push(part);
  const decryptor = new Decryptor(Buffer.concat(parts), key);
  const sealedChunk = sealedRange(0, Math.min(size, CHUNK_BYTES), sealed.size).length;
  return {
    size,
    async *read(offset, length, during) {
      const run = sealedRange(offset, length, sealed.size);
      let { index, skip } = run;
      let left = length;
      for await (const chunk of regroup(sealed.read(run.offset, run.length, during), sealedChunk)) {
        const plain = decryptor.openRun(index++, chunk, sealed.size).subarray(skip);
        skip = 0;
        yield plain.length <= left ? plain : plain.subarray(0, left);
        left -= plain.length;
      }
    },
  };
}

/** The same bytes in pieces of `size`, the last one shorter. */
async function* regroup(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let piece = Buffer.alloc(size);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, size - filled);
      piece.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < size) continue;
      yield piece;
      piece = Buffer.alloc(size);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
