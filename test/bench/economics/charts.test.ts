import { readFileSync } from "node:fs";
import { expect } from "chai";
import { charts } from "../../../bench/economics/charts.ts";
import { drawLineChart } from "../../../bench/plot.ts";

describe("bench: charts", () => {
  it("draw the figures that the documents show", () => {
    for (const chart of charts()) {
      const shown = new URL(`../../../docs/figures/${chart.name}.svg`, import.meta.url);
      expect(readFileSync(shown, "utf8") === drawLineChart(chart), chart.name).to.equal(true);
    }
    expect(charts().map(({ name }) => name)).to.have.length(3);
  });
});
