import { FatalError } from "../../runtime/errors.ts";
import { HASH_BYTES, SLOTS } from "./limits.ts";

/** Segments that one question may name. */
export const MAX_HOLDINGS = 1_024;
const SET_BYTES = SLOTS / 8;

/** Body of POST /holdings: commitments of 32 bytes, end to end. */
export function encodeCommitments(commitments: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(commitments);
}

/** @throws FatalError storage/bad-holdings */
export function parseCommitments(body: Uint8Array): Uint8Array[] {
  const count = body.length / HASH_BYTES;
  if (!Number.isInteger(count) || count === 0 || count > MAX_HOLDINGS)
    throw bad(`${body.length} bytes are not 1 to ${MAX_HOLDINGS} commitments of ${HASH_BYTES} bytes`);
  return Array.from({ length: count }, (_, i) => body.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

/** Answer of POST /holdings: for each segment the set of held strips, 32 bytes, big-endian. */
export function encodeHoldings(sets: readonly bigint[]): Uint8Array {
  const bytes = Buffer.alloc(sets.length * SET_BYTES);
  for (const [i, set] of sets.entries())
    bytes.write(set.toString(16).padStart(2 * SET_BYTES, "0"), i * SET_BYTES, "hex");
  return bytes;
}

/** @throws FatalError storage/bad-holdings */
export function parseHoldings(body: Uint8Array, count: number): bigint[] {
  if (body.length !== count * SET_BYTES) throw bad(`${body.length} bytes are not ${count} sets of strips`);
  return Array.from({ length: count }, (_, i) =>
    BigInt(`0x${Buffer.from(body.subarray(i * SET_BYTES, (i + 1) * SET_BYTES)).toString("hex")}`),
  );
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-holdings", reason, { reason });
}
