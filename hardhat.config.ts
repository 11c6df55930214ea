import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";
import ignoreWarnings from "hardhat-ignore-warnings";
import { sortedBindings } from "./scripts/hardhat/sortedBindings.ts";
import { strictWarnings } from "./scripts/hardhat/strictWarnings.ts";

// The compiler comes from the npm package `solc`, so a build downloads nothing.
const compiler = createRequire(import.meta.url).resolve("solc/soljson.js");

const solc = (settings: Record<string, unknown>) => ({
  version: "0.8.37",
  path: compiler,
  settings: { optimizer: { enabled: true, runs: 800 }, evmVersion: "prague", ...settings },
});

export default defineConfig({
  plugins: [toolbox, ignoreWarnings, strictWarnings],
  tasks: [sortedBindings],
  solidity: {
    profiles: {
      default: solc({}),
      production: solc({ viaIR: true }),
    },
  },
  paths: { tests: { mocha: "test/contracts", solidity: "test/contracts" } },
  typechain: { outDir: "./typechain-types" },
  // Hardhat names the compiler's sources "npm/<package>@<version>/…" and "project/…"; ours must be free of warnings.
  warnings: {
    "npm/**/*": { default: "off" },
    "contracts/**/*": { default: "error" },
    "test/**/*": { default: "error", "code-size": "off", "initcode-size": "off" },
  },
  test: {
    mocha: { timeout: 120_000 },
    solidity: { fuzz: { runs: 256, seed: "0x6d7963656c6961" }, invariant: { runs: 64, depth: 64 } },
  },
});
