import { type Command, InvalidArgumentError } from "commander";
import type { KvRequest } from "../kv/session.ts";
import { UsageError } from "../terminal/failure.ts";
import { globalsOf } from "./globals.ts";

interface KvOptions {
  readonly stream?: string;
  readonly node?: readonly string[];
  readonly hex?: boolean;
}

/** Options that all verbs of `mycelia kv` take. */
export function addKvOptions(kv: Command): Command {
  return kv
    .option("--stream <id>", "stream to read or write, 0x-hex (default: stream 0 of the key that acts)")
    .option("--node <url>", "KV node to ask, and the next after it (default: those of this network)", collect)
    .option("--hex", "keys on the command line are 0x-hex, not text");
}

/** What a verb of `mycelia kv` is given besides its own arguments. */
export function kvRequestOf(command: Command): KvRequest {
  const { stream, node = [], hex = false } = command.optsWithGlobals<KvOptions>();
  for (const url of node)
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
      throw new UsageError(`"${url}" is no URL of a KV node`, { url });
  return { ...globalsOf(command), nodes: node, hex, ...(stream !== undefined && { stream }) };
}

/** One more of an option that may be given several times. */
export function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** A version of a stream: a whole number from 0. */
export function parseVersion(text: string): number {
  const version = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(version)) return version;
  throw new InvalidArgumentError(`"${text}" is no version: a whole number from 0.`);
}
