import { MyceliaError } from "../../../keepers/runtime/errors.ts";

/** Code of the error that a call throws; "" when it throws none. Anything but an error of ours is thrown on. */
export function codeOf(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    if (error instanceof MyceliaError) return error.code;
    throw error;
  }
}

/** As `codeOf`, for a promise. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "";
  } catch (error) {
    if (error instanceof MyceliaError) return error.code;
    throw error;
  }
}
