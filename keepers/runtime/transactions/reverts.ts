import { Interface, isError, type Result } from "ethers";

/** Why a call reverted. */
export interface DecodedRevert {
  /** Name of the custom error, "Error" for a plain message, "Panic", or undefined when nobody knows the selector. */
  readonly name: string | undefined;
  readonly args: readonly unknown[];
  /** Raw return data, 0x when there was none. */
  readonly data: string;
  /** For people: `Ledger_Short(1, 2)`. */
  readonly text: string;
}

const BUILT_IN = new Interface([]);
/** What nodes say when a call fails without return data. */
const FAILED_CALL =
  /revert|out of gas|invalid opcode|gas required exceeds|stack (over|under)flow|VM Exception/i;

/** Names the error in return data, by the first interface that knows its selector. */
export function decodeRevert(data: string, interfaces: readonly Interface[]): DecodedRevert {
  for (const candidate of [...interfaces, BUILT_IN]) {
    const error = parse(candidate, data);
    if (error === undefined) continue;
    return { ...error, data, text: `${error.name}(${error.args.map(String).join(", ")})` };
  }
  const text = data === "0x" ? "no reason" : `unknown error ${data.slice(0, 138)}`;
  return { name: undefined, args: [], data, text };
}

function parse(candidate: Interface, data: string): { name: string; args: readonly unknown[] } | undefined {
  if (data.length < 10) return undefined;
  try {
    const error = candidate.parseError(data);
    return error === null ? undefined : { name: error.name, args: [...(error.args as Result)] };
  } catch {
    // A known selector with arguments that do not decode is somebody else's error.
    return undefined;
  }
}

/** Return data of a failed call, or undefined when the node itself is in trouble and the call was not judged. */
export function revertDataOf(error: unknown): string | undefined {
  if (!isError(error, "CALL_EXCEPTION")) return undefined;
  if (error.data !== null && error.data !== undefined) return error.data;
  return FAILED_CALL.test(nodeMessage(error)) ? "0x" : undefined;
}

/** What the node said, out of the wrappings of ethers. */
export function nodeMessage(error: unknown): string {
  const seen = error as {
    info?: { error?: { message?: unknown } };
    error?: { message?: unknown };
    message?: unknown;
  };
  return String(seen?.info?.error?.message ?? seen?.error?.message ?? seen?.message ?? error);
}
