import * as z from "zod";
import type { Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { textOf } from "../../runtime/platform/bytes.ts";
import { nameOf, parseName } from "./names.ts";
import type { PackKind } from "./pack.ts";
import { shapeFault } from "./shapeRules.ts";

/** Where an object is said to lie. It is a claim of the segment's uploader: the bytes are checked against the name. */
export interface ObjectLocation {
  /** Commitment of the segment. */
  readonly commitment: Uint8Array;
  readonly shape: Shape;
  readonly kind: PackKind;
  /** In the segment, bytes. */
  readonly offset: number;
  readonly length: number;
}

/** Locations in one answer; more are asked for behind the last. */
export const MAX_LOCATIONS = 32;
/** Largest answer with locations, bytes. */
export const MAX_LOCATIONS_BYTES = 16 * 1024;

const number = z.number().int().nonnegative();
const answer = z
  .array(
    z.strictObject({
      commitment: z.string().regex(/^[0-9a-f]{64}$/),
      k: number,
      n: number,
      rowSize: number,
      kind: z.enum(["object", "manifest"]),
      offset: number,
      length: number.min(1),
    }),
  )
  .max(MAX_LOCATIONS);

/** JSON form: what GET /objects/:name answers. */
export function locationsToJson(locations: readonly ObjectLocation[]): object[] {
  return locations.map(({ commitment, shape, kind, offset, length }) => {
    const { k, n, rowSize } = shape;
    return { commitment: nameOf(commitment), k, n, rowSize, kind, offset, length };
  });
}

/** Reads an answer of anybody. @throws FatalError storage/bad-location */
export function parseLocations(body: Uint8Array): ObjectLocation[] {
  return parseAnswer(body).map(({ commitment, k, n, rowSize, kind, offset, length }) => {
    const shape = { k, n, rowSize };
    const fault = shapeFault(shape);
    if (fault !== undefined) throw bad(fault);
    if (offset + length > k * rowSize)
      throw bad(`bytes ${offset} to ${offset + length} lie outside a segment of ${k * rowSize}`);
    return { commitment: parseName(commitment), shape, kind, offset, length };
  });
}

function parseAnswer(body: Uint8Array): z.infer<typeof answer> {
  let data: unknown;
  try {
    data = JSON.parse(textOf(body));
  } catch {
    throw bad("the answer is not JSON");
  }
  const parsed = answer.safeParse(data);
  if (parsed.success) return parsed.data;
  throw bad(z.prettifyError(parsed.error).slice(0, 200));
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-location", `not a location: ${reason}`, { reason });
}
