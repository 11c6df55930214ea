import { expect } from "chai";
import { Endowment, UNITS_PER_GIB } from "../../../bench/economics/endowment.ts";
import type { Path } from "../../../bench/economics/paths.ts";
import { demandPaths, pricePaths } from "../../../bench/economics/paths.ts";
import { production } from "../../../bench/economics/settings.ts";
import { permanentYears, simulate } from "../../../bench/economics/solvency.ts";

const { terms, around } = production;
const MYC = 10n ** 18n;

describe("bench: the endowment over twenty years", () => {
  const named = (paths: readonly Path[], name: string) => paths.find((path) => path.name === name)!;

  it("accounts for every wei and dilutes nobody, on paths of price and of demand", () => {
    for (const path of [...pricePaths.slice(0, 2), ...demandPaths]) {
      const found = simulate(terms, around.costPerGiBMonth, path);
      expect(found.missing, path.name).to.equal(0n);
      expect(found.diluted <= 0n, path.name).to.equal(true);
    }
  });

  it("breaks even at the price that the closed form says", () => {
    const flat = simulate(terms, around.costPerGiBMonth, named(pricePaths, "cost flat"));
    const yearCost = (around.costPerGiBMonth * 365) / 30;
    const closed = permanentYears(terms, 0, 20) * yearCost;
    expect(flat.breakEven / closed).to.be.closeTo(1, 0.01);
    expect(flat.worst < 1).to.equal(terms.permanentPerGiB < flat.breakEven);
    // At its own break-even price, nothing is left over and nothing lacks.
    const even = { ...terms, permanentPerGiB: flat.breakEven };
    expect(simulate(even, around.costPerGiBMonth, named(pricePaths, "cost flat")).worst).to.be.closeTo(
      1,
      1e-6,
    );
  });

  it("asks newcomers for what the others hold each, and refuses less", () => {
    const endowment = new Endowment({
      epochLength: 86_400n,
      releaseRate: 500n,
      treasuryShare: 500n,
      permanentPrice: MYC,
    });
    endowment.depositPermanent(UNITS_PER_GIB, 100n * MYC);
    const fee = endowment.permanentUp(UNITS_PER_GIB);
    expect(fee).to.equal(100n * MYC);
    expect(() => endowment.depositPermanent(UNITS_PER_GIB, fee - 2n)).to.throw(RangeError, "dilutes");
    endowment.depositPermanent(UNITS_PER_GIB, fee);
    expect(endowment.pool).to.equal(190n * MYC);
  });

  it("gives back to each what nobody has proven", () => {
    const endowment = new Endowment({
      epochLength: 86_400n,
      releaseRate: 500n,
      treasuryShare: 0n,
      permanentPrice: MYC,
    });
    endowment.depositPermanent(UNITS_PER_GIB, 365n * MYC);
    const budget = endowment.open();
    expect(budget).to.equal((365n * MYC * 500n) / (10_000n * 365n));
    expect(endowment.pay(1n, 2n)).to.equal(budget / 2n);
    endowment.close();
    expect(endowment.pool).to.equal(365n * MYC - budget / 2n);
    endowment.open();
    expect(() => endowment.pay(2n, 1n)).to.throw(RangeError, "are left");
  });
});
