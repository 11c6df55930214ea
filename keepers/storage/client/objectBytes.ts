import { FatalError } from "../../runtime/errors.ts";
import { concatBytes } from "../../runtime/platform/bytes.ts";
import {
  CHUNK_BYTES,
  Decryptor,
  ENCRYPTION_HEADER_BYTES,
  plainBytes,
  sealedBytes,
  sealedRange,
} from "../format/encryption.ts";
import type { ManifestNode } from "../format/manifestNode.ts";
import { segmentsIn } from "../format/manifestTree.ts";
import type { ItemFinder } from "./itemFinder.ts";
import type { ReadingLedger } from "./readingLedger.ts";
import type { Reading, SegmentReader } from "./segmentReader.ts";

/** Bytes that can be read from anywhere; `read` is given a part that lies inside and is not empty. */
export interface ObjectBytes {
  readonly size: number;
  read(offset: number, length: number, signal: AbortSignal): AsyncGenerator<Uint8Array>;
}

/** What reading segments takes. */
export interface ReadingTools {
  readonly reader: SegmentReader;
  readonly finder: ItemFinder;
  readonly ledger: ReadingLedger;
  /** Segments read at once. */
  readonly segmentsInFlight: number;
}

const SEALED_CHUNK_BYTES = sealedBytes(CHUNK_BYTES) - ENCRYPTION_HEADER_BYTES;

/** @throws FatalError storage/bad-range unless a part lies inside and is not empty */
export function requireRange(offset: number, length: number, size: number): void {
  const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length > 0;
  if (isInside && offset + length <= size) return;
  throw new FatalError(
    "storage/bad-range",
    `${length} bytes from byte ${offset} on are not in an object of ${size} bytes`,
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

/** An object under a manifest. A few segments are read ahead; leaving the loop ends their requests. */
export function bytesUnder(root: ManifestNode, tools: ReadingTools): ObjectBytes {
  const { reader, finder, ledger, segmentsInFlight } = tools;
  return {
    size: root.size,
    async *read(offset, length, signal) {
      const stop = new AbortController();
      const reading: Reading = { ledger, signal: AbortSignal.any([signal, stop.signal]) };
      const fetch = async (name: Uint8Array) => (await finder.find(name, reading)).bytes;
      const ahead: Promise<Uint8Array>[] = [];
      try {
        for await (const { segment, start } of segmentsIn(root, { offset, length }, { fetch })) {
          const from = Math.max(0, offset - start);
          const to = Math.min(segment.length, offset + length - start);
          const isWhole = to - from === segment.length;
          const coming = isWhole
            ? reader.whole(segment, reading).then((bytes) => bytes.subarray(0, to))
            : reader.part(segment, from, to, reading);
          // It is awaited in its turn; that it fails before is no unhandled failure.
          coming.catch(() => undefined);
          ahead.push(coming);
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
 * What is inside an encrypted object; any part is read out of its own chunks.
 * @throws FatalError storage/not-authentic, storage/wrong-key, storage/bad-key
 */
export async function bytesInside(
  sealed: ObjectBytes,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<ObjectBytes> {
  const size = plainBytes(sealed.size);
  const header: Uint8Array[] = [];
  for await (const part of sealed.read(0, ENCRYPTION_HEADER_BYTES, signal)) header.push(part);
  const decryptor = new Decryptor(concatBytes(header), key);
  return {
    size,
    async *read(offset, length, during) {
      const run = sealedRange(offset, length, sealed.size);
      let { index, skip } = run;
      let left = length;
      const source = sealed.read(run.offset, run.length, during);
      for await (const chunk of regroup(source, SEALED_CHUNK_BYTES)) {
        const opened = await decryptor.openRun(index++, chunk, sealed.size);
        const plain = opened.subarray(skip, skip + left);
        skip = 0;
        left -= plain.length;
        yield plain;
      }
    },
  };
}

/** The same bytes in pieces of `size`, the last one shorter. */
async function* regroup(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of source) {
    let at = 0;
    if (rest.length > 0) {
      at = Math.min(size - rest.length, chunk.length);
      rest = concatBytes([rest, chunk.subarray(0, at)]);
      if (rest.length < size) continue;
      yield rest;
    }
    for (; at + size <= chunk.length; at += size) yield chunk.subarray(at, at + size);
    rest = chunk.slice(at);
  }
  if (rest.length > 0) yield rest;
}
