import { type Command, InvalidArgumentError } from "commander";
import { dataDirectory } from "../paths.ts";
import type { KeyChoice } from "../person.ts";
import { UsageError } from "../terminal/failure.ts";
import { createOutput, type Output } from "../terminal/output.ts";

/** What every command is given besides its own options. */
export interface Globals {
  readonly output: Output;
  readonly dataDir: string;
  /** Present when the command line names a key. */
  readonly key?: KeyChoice;
}

export function globalsOf(command: Command): Globals {
  const { json, dataDir, key, passwordFile } = command.optsWithGlobals<GlobalOptions>();
  const globals = { output: createOutput(json ?? false), dataDir: dataDirectory(dataDir, process.env) };
  if (key === undefined && passwordFile === undefined) return globals;
  if (key === undefined || passwordFile === undefined) {
    throw new UsageError("--key <name> and --password-file <file> go together");
  }
  return { ...globals, key: { name: key, passwordFile } };
}

/** For commands that make a key: where things go, and the file with the password, which is never on the command line. */
export function secretsOf(command: Command): { output: Output; dataDir: string; passwordFile: string } {
  const { json, dataDir, passwordFile } = command.optsWithGlobals<GlobalOptions>();
  if (passwordFile === undefined)
    throw new UsageError("name the password's file: --password-file <file>, mode 0600");
  return { output: createOutput(json ?? false), dataDir: dataDirectory(dataDir, process.env), passwordFile };
}

interface GlobalOptions {
  readonly json?: boolean;
  readonly dataDir?: string;
  readonly key?: string;
  readonly passwordFile?: string;
}

/** A positive whole number from the command line. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`"${text}" is not a whole number above 0.`);
  }
  return value;
}

/** An amount in whole units with decimals ("0.05"), as wei. */
export function parseMoney(text: string): bigint {
  const [, whole = "", fraction = ""] = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text) ?? [];
  const wei = whole === "" ? 0n : BigInt(whole + fraction.padEnd(18, "0"));
  if (wei === 0n) throw new UsageError(`"${text}" is no amount above 0, such as 0.05`, { text });
  return wei;
}
