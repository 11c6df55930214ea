import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { isRunning } from "../../keepers/cli/devnet/processes.ts";
import { readNetwork } from "../../keepers/cli/devnet/state.ts";
import { spawnCli } from "./cli.ts";

describe("flow: Ctrl-C in the middle of start", function () {
  this.timeout(120_000);
  const dataDir = mkdtempSync(join(tmpdir(), "mycelia-interrupt-"));
  after(() => rmSync(dataDir, { recursive: true, force: true }));

  for (const wanted of [1, 8, 16]) {
    it(`stops all that was started, with ${wanted} processes up`, async () => {
      const child = spawnCli(["--data-dir", dataDir, "start"]);
      child.stdout?.resume();
      child.stderr?.resume();
      const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
      const started = () => readNetwork(dataDir)?.processes.filter(isRunning) ?? [];
      for (let tries = 0; tries < 1_200 && started().length < wanted; tries += 1) await sleep(50);
      const seen = started();
      expect(seen).to.have.length.of.at.least(wanted);
      child.kill("SIGINT");
      expect(await ended, "a clean end").to.equal(0);
      expect(started()).to.deep.equal([]);
      expect(seen.filter(isRunning)).to.deep.equal([]);
      expect(existsSync(join(dataDir, "network.json"))).to.equal(true);
    });
  }
});
