import { FatalError } from "../errors.ts";
import { type Bytes, compareBytes, concatBytes, utf8 } from "../platform/bytes.ts";
import type { StoreRange } from "./store.ts";

/** Largest key, UTF-8 bytes: below LMDB's limit of 1,978 on 4 KiB pages, and the same for every engine. */
export const MAX_KEY_BYTES = 1900;

/** The bytes under which a key is filed. */
export function encodeKey(key: string): Bytes {
  if (!key.isWellFormed()) throw refused(key, "it holds a lone surrogate, which UTF-8 cannot write");
  const bytes = utf8(key);
  if (bytes.length === 0) throw refused(key, "it is empty");
  if (bytes.length > MAX_KEY_BYTES) {
    throw refused(key, `it has ${bytes.length} bytes, more than ${MAX_KEY_BYTES}`);
  }
  return bytes;
}

function refused(key: string, why: string): FatalError {
  return new FatalError(
    "store/key-refused",
    `The key ${JSON.stringify(key.slice(0, 80))} is refused: ${why}.`,
    {
      key: key.slice(0, 80),
    },
  );
}

/** Half-open interval of key bytes; an absent end has no bound. */
export interface KeyInterval {
  readonly low: Bytes;
  readonly high: Bytes | undefined;
}

/** What a range asks for: [low, high) in byte order, whichever way it is walked. */
export function intervalOf(range: StoreRange): KeyInterval {
  const prefix = utf8(range.prefix ?? "");
  const low = prefix;
  const high = successorOfPrefix(prefix);
  if (range.from === undefined) return { low, high };
  const from = utf8(range.from);
  if (range.reverse) {
    const end = concatBytes([from, Uint8Array.of(0)]);
    return { low, high: high === undefined || compareBytes(end, high) < 0 ? end : high };
  }
  return { low: compareBytes(from, low) > 0 ? from : low, high };
}

/** The first key after every key with this prefix. */
function successorOfPrefix(prefix: Bytes): Bytes | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1]!;
    if (last < 0xff) return concatBytes([prefix.subarray(0, length - 1), Uint8Array.of(last + 1)]);
  }
  return undefined;
}
