import type { Checksum } from "../names/names.ts";
import { Refusal } from "../refusal.ts";
import type { Numbered, PartRecord } from "./uploadRecords.ts";

/** A part as the list of a completion names it. */
export interface ListedPart {
  readonly number: number;
  /** In quotes or without. */
  readonly etag: string;
  readonly checksums: readonly Checksum[];
}

export const MAX_PARTS = 10_000;
/** Of all parts but the last, bytes. */
const LEAST_PART_BYTES = 5 * 1024 * 1024;

/**
 * The parts that a completion asks for, in its order.
 * @throws Refusal InvalidPartOrder, InvalidPart, EntityTooSmall, MalformedXML
 */
export function chooseParts(
  listed: readonly ListedPart[],
  uploaded: ReadonlyMap<number, PartRecord>,
): readonly PartRecord[] {
  if (listed.length === 0 || listed.length > MAX_PARTS)
    throw new Refusal("MalformedXML", `a completion lists 1 to ${MAX_PARTS} parts`);
  const isRising = listed.every(({ number }, index) => index === 0 || number > listed[index - 1]!.number);
  if (!isRising) throw new Refusal("InvalidPartOrder", "the parts are not listed by rising numbers");
  const parts = listed.map((part) => [part.number, choose(part, uploaded.get(part.number))] as const);
  requireSizes(parts);
  return parts.map(([, part]) => part);
}

function choose({ number, etag, checksums }: ListedPart, part: PartRecord | undefined): PartRecord {
  const isSame =
    part !== undefined &&
    etag.replace(/^"|"$/g, "") === part.sha256 &&
    checksums.every(
      ({ algorithm, value }) => part.checksum?.algorithm !== algorithm || part.checksum.value === value,
    );
  if (isSame) return part;
  const message = `part ${number} was not uploaded, or is another than its ETag or checksum says`;
  throw new Refusal("InvalidPart", message, { number });
}

function requireSizes(parts: readonly Numbered<PartRecord>[]): void {
  const small = parts.slice(0, -1).find(([, { size }]) => size < LEAST_PART_BYTES);
  if (small === undefined) return;
  const [number, { size }] = small;
  const message = `part ${number} has ${size} bytes; all parts but the last have ${LEAST_PART_BYTES} at least`;
  throw new Refusal("EntityTooSmall", message, { number, size });
}
