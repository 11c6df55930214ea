import type { Bytes } from "../runtime/platform/bytes.ts";
import { writeSha256 } from "../runtime/platform/hashes.ts";

const hashBytes = 32;

/** Messages of one length; each is looked at before the next one is asked for. */
export interface Messages {
  readonly count: number;
  readonly length: number;
  at(index: number): Uint8Array;
}

/** Writes the SHA-256 of messages as long as rows end to end to `at` in `target`, by native code. */
export function writeHashes(messages: Messages, target: Bytes, at: number): void {
  for (let index = 0; index < messages.count; index++)
    writeSha256(messages.at(index), target, at + index * hashBytes);
}
