import { getBytes, isHexString } from "ethers";
import { UsageError } from "../terminal/failure.ts";

/** An object root from the command line: 64 hex digits, with 0x or without. @throws UsageError */
export function parseRoot(text: string): Uint8Array {
  const root = text.startsWith("0x") ? text : `0x${text}`;
  if (isHexString(root, 32)) return getBytes(root);
  throw new UsageError(`"${text}" is no object root: 0x and 64 hex digits`, { root: text });
}
