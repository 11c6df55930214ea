// A provider in a process of its own, for resume.test.ts: one line of JSON says how it is set up.
import { readFileSync } from "node:fs";
import { type KeeperSetup, runProvider } from "./keepers.ts";

interface ProcessSetup extends KeeperSetup {
  readonly model: string;
  readonly file: string;
  readonly unitPrice: string;
  readonly bond: string;
}

const setup = JSON.parse(process.argv[2] ?? "") as ProcessSetup;
await runProvider(setup, {
  services: [{ model: setup.model, tier: "exact", unitPrice: BigInt(setup.unitPrice) }],
  bond: BigInt(setup.bond),
  loadModel: async () => readFileSync(setup.file),
});
setInterval(() => undefined, 60_000);
