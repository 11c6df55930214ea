import { FatalError } from "../../runtime/errors.ts";
import { fromHex, hexOf } from "../../runtime/platform/bytes.ts";
import { HASH_BYTES } from "./limits.ts";

const NAME = /^[0-9a-f]{64}$/;

/** Lower-case hex without prefix: how segments and objects are named in paths and keys. */
export function nameOf(bytes: Uint8Array): string {
  return hexOf(bytes);
}

/**
 * The 32 bytes behind a name that came from outside; 0x and capitals are not accepted, so that a thing has one name.
 * @throws FatalError storage/bad-name
 */
export function parseName(name: unknown): Uint8Array {
  if (typeof name === "string" && NAME.test(name)) return Uint8Array.from(fromHex(name));
  throw new FatalError(
    "storage/bad-name",
    `a segment or object is named by ${2 * HASH_BYTES} lower-case hex digits`,
    {
      name: String(name).slice(0, 80),
    },
  );
}
