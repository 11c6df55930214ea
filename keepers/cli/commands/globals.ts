import { type Command, InvalidArgumentError } from "commander";
import { dataDirectory } from "../paths.ts";
import { createOutput, type Output } from "../terminal/output.ts";

/** What every command is given besides its own options. */
export interface Globals {
  readonly output: Output;
  readonly dataDir: string;
}

export function globalsOf(command: Command): Globals {
  const { json, dataDir } = command.optsWithGlobals<{ json?: boolean; dataDir?: string }>();
  return { output: createOutput(json ?? false), dataDir: dataDirectory(dataDir, process.env) };
}

/** A positive whole number from the command line. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`"${text}" is not a whole number above 0.`);
  }
  return value;
}
