import { FatalError } from "../errors.ts";
import { base64Of, fromBase64 } from "../platform/bytes.ts";

const BIGINT = "$bigint";
const BYTES = "$bytes";

/** JSON that also carries bigints and byte strings, and gives back what it was given. */
export function toJson(value: unknown): string {
  return JSON.stringify(pack(value));
}

/** @throws FatalError "store/record-corrupt" when the text was not written by `toJson`. */
export function fromJson(text: string): unknown {
  try {
    return unpack(JSON.parse(text));
  } catch (cause) {
    throw new FatalError("store/record-corrupt", "A stored record is not readable.", {}, cause);
  }
}

function pack(value: unknown): unknown {
  if (typeof value === "bigint") return { [BIGINT]: value.toString() };
  if (value instanceof Uint8Array) return { [BYTES]: base64Of(value) };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== "object" || value === null) return value;
  // A key that starts with "$" gets one more, so that no plain object can pass for a tagged one.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.startsWith("$") ? `$${key}` : key, pack(inner)]),
  );
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && typeof first[1] === "string") {
    if (first[0] === BIGINT) return BigInt(first[1]);
    if (first[0] === BYTES) return new Uint8Array(fromBase64(first[1]));
  }
  return Object.fromEntries(
    entries.map(([key, inner]) => [key.startsWith("$") ? key.slice(1) : key, unpack(inner)]),
  );
}
