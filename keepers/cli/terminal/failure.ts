import { MyceliaError } from "../../runtime/errors.ts";
import { type Output, toJson } from "./output.ts";

/** sysexits: temporary failure, the same command may succeed later. */
const exitTemporary = 75;

/** A wrong command line: one line on what to type instead. */
export class UsageError extends MyceliaError {
  readonly retry = false;
  constructor(message: string, details: Record<string, unknown> = {}) {
    super("cli/usage", message, details);
  }
}

/** Prints a failure as one line (or one JSON object) and returns the exit code. */
export function reportFailure(error: unknown, output: Output, verbose: boolean): number {
  const known = error instanceof MyceliaError;
  const message = error instanceof Error ? error.message : String(error);
  if (output.json) {
    const details = known ? error.details : {};
    process.stderr.write(
      `${toJson({ error: { code: known ? error.code : "internal", message, details } })}\n`,
    );
  } else {
    process.stderr.write(`mycelia: ${message.split("\n")[0]}${known ? ` [${error.code}]` : ""}\n`);
  }
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  if (error instanceof UsageError) return 2;
  return known && error.retry ? exitTemporary : 1;
}
