import { readFileSync } from "node:fs";

/** One figure of gas, and where it is from. */
export interface Gas {
  readonly value: number;
  readonly source: string;
}

const snapshot = new URL("../../test/contracts/storage/gas.json", import.meta.url);

/** Gas of an action as the contracts' tests have measured it. @throws Error when they haven't */
export function gasOf(action: string): Gas {
  const value = (JSON.parse(readFileSync(snapshot, "utf8")) as Record<string, number>)[action];
  if (value === undefined) throw new Error(`${snapshot.pathname} has no gas of "${action}"`);
  return { value, source: action };
}
