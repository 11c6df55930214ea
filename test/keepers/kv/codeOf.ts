import { MyceliaError } from "../../../keepers/runtime/errors.ts";

/** The code of the error that a call ends with; "none" when it ends well. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MyceliaError) return error.code;
    throw error;
  }
  return "none";
}
