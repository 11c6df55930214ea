import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CastSize } from "../../keepers/cli/devnet/cast.ts";
import { bringDown } from "../../keepers/cli/devnet/down.ts";
import type { ProcessRecord } from "../../keepers/cli/devnet/processes.ts";
import { type NetworkState, requireNetwork } from "../../keepers/cli/devnet/state.ts";
import { bringUp } from "../../keepers/cli/devnet/up.ts";
import { createOutput } from "../../keepers/cli/terminal/output.ts";

/** A devnet of real processes in a directory of its own. */
export interface TestDevnet {
  readonly dataDir: string;
  state(): NetworkState;
  process(name: string): ProcessRecord;
  remove(): Promise<void>;
}

/** @param cast how many keepers of each kind; as `mycelia up` has them when absent */
export async function createTestDevnet(cast?: CastSize): Promise<TestDevnet> {
  const dataDir = mkdtempSync(join(tmpdir(), "mycelia-flow-"));
  await bringUp({ dataDir, output: createOutput(true), ...(cast && { cast }) });
  const state = (): NetworkState => requireNetwork(dataDir);
  return {
    dataDir,
    state,
    process(name) {
      const found = state().processes.find((record) => record.name === name);
      if (found === undefined) throw new Error(`no process ${name}`);
      return found;
    },
    async remove() {
      await bringDown(dataDir, true);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
