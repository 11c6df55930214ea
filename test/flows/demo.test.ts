import { expect } from "chai";
import type { DemoResult } from "../../keepers/cli/demo/result.ts";
import { runCli } from "./cli.ts";

/** A DemoResult as its JSON has it: amounts are decimal strings. */
type Printed<T> = T extends bigint
  ? string
  : T extends object
    ? { readonly [K in keyof T]: Printed<T[K]> }
    : T;

const sum = (...amounts: readonly string[]): bigint =>
  amounts.reduce((total, amount) => total + BigInt(amount), 0n);

describe("flow: the demo", function () {
  this.timeout(300_000);
  let result: Printed<DemoResult>;

  before(async () => {
    const { code, stdout, stderr } = await runCli(["demo", "--json"]);
    expect(code, stderr).to.equal(0);
    expect(stdout.trim().split("\n"), "one JSON object and nothing else").to.have.length(1);
    result = JSON.parse(stdout) as Printed<DemoResult>;
  });

  it("stores the model until it is full, and reads it with three of ten nodes killed", () => {
    expect(result.storage).to.include({ state: "full", nodes: 10, nodesKilled: 3, slotsCovered: 256 });
  });

  it("classifies at least 96 % of hundreds of unseen digits, every answer with a checked receipt", () => {
    expect(result.digits).to.be.greaterThan(300);
    expect(result.accuracy).to.be.at.least(0.96);
    expect(result.receipts.checked).to.equal(result.receipts.issued).and.be.greaterThan(0);
  });

  it("pays the honest provider to the wei and gives the rest of the budget back", () => {
    const honest = result.sessions[0]!;
    expect(honest.verdict).to.equal("honest");
    const { toOperator, toVerifiers, toTreasury, toBeacon } = honest;
    expect(sum(toOperator, toVerifiers, toTreasury, toBeacon)).to.equal(BigInt(honest.claimed));
    expect(sum(honest.claimed, honest.refunded)).to.equal(BigInt(honest.prepaid));
    expect(BigInt(honest.toVerifiers) > 0n && BigInt(honest.toTreasury) > 0n).to.equal(true);
  });

  it("catches the cheat: nothing is paid, the bond is cut in the order victim, reporters, treasury", () => {
    const cheat = result.sessions[1]!;
    expect(cheat).to.include({ verdict: "guilty", toOperator: "0", toVerifiers: "0", toTreasury: "0" });
    expect(sum(cheat.refunded, cheat.toBeacon)).to.equal(BigInt(cheat.prepaid));
    expect(result.slashes).to.have.length(1);
    const slash = result.slashes[0]!;
    expect(slash.operator).to.equal(cheat.operator).and.not.equal(result.sessions[0]!.operator);
    expect(slash.toVictim).to.equal(cheat.claimed);
    expect(sum(slash.toVictim, slash.toReporters, slash.toTreasury)).to.equal(BigInt(slash.cut));
    expect(BigInt(slash.toReporters) < BigInt(slash.cut) && BigInt(slash.toReporters) > 0n).to.equal(true);
  });

  it("makes no wei and loses none", () => {
    expect(result.money.exact).to.equal(true);
    expect(result.money.supplyAfter).to.equal(result.money.supplyBefore);
  });

  it("says what every action cost and how long every stage took", () => {
    const actions = result.gas.map(({ action }) => action);
    expect(actions).to.include.members([
      "Sessions.open",
      "Sessions.claim",
      "Audits.reveal",
      "Sessions.settle",
    ]);
    expect(Object.keys(result.seconds)).to.include.members([
      "up",
      "store",
      "kill",
      "provide",
      "infer",
      "audit",
      "slash",
    ]);
  });
});
