import { getAddress, hexlify, isAddress, isHexString } from "ethers";
import { UsageError } from "../terminal/failure.ts";

const UNPRINTABLE = /\p{Cc}|\p{Cf}|\p{Co}|\p{Cn}/u;
const UNPRINTABLE_IN_TEXT = /(?![\n\t])\p{Cc}|\p{Cf}|\p{Co}|\p{Cn}/u;

/** A key from the command line: text, or with `hex` 0x-hex. @throws UsageError */
export function parseKey(text: string, hex: boolean): Buffer {
  if (!hex) return Buffer.from(text);
  if (isHexString(text) && text.length % 2 === 0) return Buffer.from(text.slice(2), "hex");
  throw new UsageError(`"${text}" is no key in 0x-hex of whole bytes, as --hex wants it`, { text });
}

/** An account from the command line, 20 bytes. @throws UsageError */
export function parseAccount(text: string): Buffer {
  if (isAddress(text)) return Buffer.from(getAddress(text).slice(2), "hex");
  throw new UsageError(`"${text}" is no account: 0x and 40 hex digits`, { text });
}

/** Bytes as text when they are text that a line can show, undefined otherwise: what a stream holds never reaches a terminal raw. */
export function lineOf(bytes: Uint8Array): string | undefined {
  return textOf(bytes, UNPRINTABLE);
}

/** Likewise for text of several lines. */
export function linesOf(bytes: Uint8Array): string | undefined {
  return textOf(bytes, UNPRINTABLE_IN_TEXT);
}

/** Bytes as a cell of a table. */
export function cellOf(bytes: Uint8Array, most = 60): string {
  const line = lineOf(bytes) ?? hexlify(bytes);
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

function textOf(bytes: Uint8Array, unprintable: RegExp): string | undefined {
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text).equals(bytes) && !unprintable.test(text) ? text : undefined;
}
