import { getBytes } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, copyOf } from "../../runtime/platform/bytes.ts";
import { ADDRESS_BYTES, STREAM_ID_BYTES } from "./limits.ts";

const NUMBER_BYTES = STREAM_ID_BYTES - ADDRESS_BYTES;

/** Id of a stream, 0x-hex: its owner's address and a number that the owner chose. @throws FatalError kv/bad-stream */
export function streamId(owner: string, number: bigint | number = 0): string {
  const chosen = BigInt(number);
  if (chosen < 0n || chosen >= 1n << BigInt(8 * NUMBER_BYTES)) throw bad(`number ${chosen}`);
  if (!/^0x[0-9a-f]{40}$/i.test(owner)) throw bad(`owner ${owner.slice(0, 80)}`);
  return `${owner.toLowerCase()}${chosen.toString(16).padStart(2 * NUMBER_BYTES, "0")}`;
}

/** The bytes of an id, from any of its forms. @throws FatalError kv/bad-stream */
export function streamIdOf(id: string | Uint8Array): Bytes {
  const isHex = typeof id === "string" && /^0x([0-9a-f]{2})*$/i.test(id);
  const bytes = typeof id === "string" ? (isHex ? getBytes(id) : undefined) : id;
  if (bytes?.length === STREAM_ID_BYTES) return copyOf(bytes);
  throw bad(String(typeof id === "string" ? id.slice(0, 80) : `${id.length} bytes`));
}

function bad(what: string): FatalError {
  return new FatalError("kv/bad-stream", `no id of a stream (32 bytes as 0x-hex): ${what}`);
}
