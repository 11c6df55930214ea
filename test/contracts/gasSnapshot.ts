import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";

/** Addresses and timestamps change a few calldata bytes from run to run; anything above is a change of the code. */
const TOLERANCE_PERCENT = 1n;

/** Gas of named actions against a committed JSON object {"Contract.action": gas}. */
export interface GasSnapshot {
  /**
   * Waits for the transaction and compares its gas with the snapshot. With UPDATE_GAS=1 in the environment it writes
   * the gas down instead. Throws an AssertionError when the two differ by more than `tolerancePercent`, either way.
   * @param tolerancePercent more than 1 for what draws lots, since their outcome decides how much there is to do
   */
  record(
    action: string,
    transaction: Promise<ContractTransactionResponse>,
    tolerancePercent?: bigint,
  ): Promise<ContractTransactionReceipt>;
}

/** @param file JSON file, shared by the tests of a domain: new URL("./gas.json", import.meta.url) */
export function gasSnapshot(file: URL, contract: string): GasSnapshot {
  return {
    async record(action, transaction, tolerancePercent = TOLERANCE_PERCENT) {
      const receipt = await (await transaction).wait();
      if (receipt === null) throw new Error(`${contract}.${action} was not mined`);
      const name = `${contract}.${action}`;
      if (process.env.UPDATE_GAS === "1") write(file, name, receipt.gasUsed);
      else compare(file, name, receipt.gasUsed, tolerancePercent);
      return receipt;
    },
  };
}

function read(file: URL): Record<string, number> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, number>) : {};
}

function write(file: URL, name: string, gas: bigint): void {
  const entries = Object.entries({ ...read(file), [name]: Number(gas) });
  const sorted = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}

function compare(file: URL, name: string, gas: bigint, tolerancePercent: bigint): void {
  const known = read(file)[name];
  expect(known, `no gas is recorded for ${name} (${gas} now): run the test with UPDATE_GAS=1`).to.be.a(
    "number",
  );
  const before = BigInt(known ?? 0);
  const drift = gas > before ? gas - before : before - gas;
  expect(
    drift * 100n <= before * tolerancePercent,
    `${name} took ${gas} gas, ${before} are recorded: if that is meant, run the test with UPDATE_GAS=1`,
  ).to.equal(true);
}
