import { expect } from "chai";
import { runCli } from "./cli.ts";

describe("flow: settings of a storage node", () => {
  const needed = ["dataDir", "chain.deploymentFile", "key.file", "key.passwordFile"];
  const run = (...values: string[]) =>
    runCli([
      ...["--json", "run", "--role", "storage", "--print-config"],
      ...[...needed.map((path) => `${path}=there`), ...values].flatMap((value) => ["--set", value]),
    ]);

  it("takes what a node claims and what it drops", async () => {
    const { code, stdout, stderr } = await run(
      "storage.readClaims.claimAbove=5000000000000000000",
      "storage.drop.enabled=false",
    );
    expect(code, stderr).to.equal(0);
    const rows = JSON.parse(stdout) as { path: string; value: string }[];
    const values = new Map(rows.map(({ path, value }) => [path, value]));
    const printed = (path: string) => values.get(`storage.${path}`);
    expect(printed("readClaims.claimAbove")).to.equal('"5000000000000000000"');
    expect(printed("readClaims.claimAtLeast")).to.equal('"1"');
    expect(printed("readClaims.pollMs")).to.equal("10000");
    expect(printed("drop.enabled")).to.equal("false");
    expect(printed("drop.unpaidMs")).to.equal("86400000");
  });

  it("refuses what is no such value, by its name", async () => {
    for (const value of ["readClaims.claimAtLeast=-1", "readClaims.claimAbove=much", "drop.deadShare=2"]) {
      const { code, stderr } = await run(`storage.${value}`);
      expect(code, value).to.equal(1);
      expect(stderr)
        .to.include(`storage.${value.split("=")[0]}`)
        .and.to.include("config/invalid");
    }
  });
});
