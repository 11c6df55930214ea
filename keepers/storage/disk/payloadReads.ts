import type { ReadAt } from "./recordScan.ts";
import {
  parseRecordHeader,
  payloadIntact,
  RECORD_HEADER_BYTES,
  type RecordPlace,
  recordBytes,
} from "./rowRecords.ts";

/** Most bytes that one call reads, unless one record alone is larger. */
const SPAN_BYTES = 1024 * 1024;

/** Records that lie behind each other. */
export interface Span {
  readonly start: number;
  end: number;
  /** Which of the wanted ones they are. */
  readonly wanted: number[];
}

/**
 * Reads payloads of one file, in the order of `places`; undefined for one that is damaged. What lies together, as the strips of
 * an upload do, is read with one call.
 */
export async function readPayloads(
  readAt: ReadAt,
  places: readonly RecordPlace[],
  salt: Uint8Array,
): Promise<(Uint8Array | undefined)[]> {
  const payloads: (Uint8Array | undefined)[] = new Array(places.length);
  for (const span of spansOf(places)) {
    const bytes = await readAt(span.start, span.end - span.start);
    takePayloads(payloads, bytes, span, places, salt);
  }
  return payloads;
}

/** Puts what the bytes of a span hold where it is wanted. */
export function takePayloads(
  payloads: (Uint8Array | undefined)[],
  bytes: Buffer,
  { start, wanted }: Span,
  places: readonly RecordPlace[],
  salt: Uint8Array,
): void {
  for (const index of wanted) {
    const { offset, length } = places[index]!;
    payloads[index] = payloadIn(bytes.subarray(offset - start), length, salt);
  }
}

/** @param gap bytes that nobody wants and that are rather read than asked around */
export function spansOf(places: readonly RecordPlace[], gap = 0): Span[] {
  const rising = places.map((_, index) => index).sort((a, b) => places[a]!.offset - places[b]!.offset);
  const spans: Span[] = [];
  for (const index of rising) {
    const { offset, length } = places[index]!;
    const end = offset + recordBytes(length);
    const last = spans.at(-1);
    if (last !== undefined && offset - last.end <= gap && end - last.start <= SPAN_BYTES) {
      last.end = Math.max(last.end, end);
      last.wanted.push(index);
    } else spans.push({ start: offset, end, wanted: [index] });
  }
  return spans;
}

/** The payload of the record that `bytes` begin with. */
function payloadIn(bytes: Buffer, length: number, salt: Uint8Array): Uint8Array | undefined {
  const header = parseRecordHeader(bytes, salt);
  const payload = bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + length);
  return header !== undefined && payloadIntact(header, payload) ? payload : undefined;
}
