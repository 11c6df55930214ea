import { Refusal } from "./refusal.ts";

/** Bytes of an object. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

const RANGE = /^bytes=(\d{0,16})-(\d{0,16})$/;

/**
 * The one range that a request asks for; undefined for the whole object, which is also what several ranges, or none that
 * can be read, are answered with (RFC 9110, 14.2).
 * @throws Refusal InvalidRange when nothing of it lies in the object
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  const found = RANGE.exec(header?.trim() ?? "");
  if (found === null) return undefined;
  const [, first = "", last = ""] = found;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    if (length === 0) throw unsatisfiable(size);
    return { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) throw unsatisfiable(size);
  const end = last === "" ? size : Math.min(size, Number(last) + 1);
  return { offset, length: end - offset };
}

/** Value of the header content-range. */
export function contentRange({ offset, length }: ByteRange, size: number): string {
  return `bytes ${offset}-${offset + length - 1}/${size}`;
}

function unsatisfiable(size: number): Refusal {
  return new Refusal("InvalidRange", `the range does not lie in the object's ${size} bytes`, { size });
}
