import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { figure } from "../../bench/figure.ts";
import { loadSubject, subjects } from "../../bench/subjects.ts";

const bench = async (...args: string[]) => {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      "--import",
      "tsx",
      "bench/run.ts",
      ...args,
    ]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
};

describe("bench", () => {
  it("compares with the target and with the reference of the same run", () => {
    const reference = { name: "limit", value: 200 };
    expect(figure({ name: "speed", value: 100.123456, unit: "MiB/s", atLeast: 90, reference })).to.deep.equal(
      {
        name: "speed",
        value: 100.1,
        unit: "MiB/s",
        target: 90,
        holds: true,
        reference: "limit",
        ratio: 0.5006,
      },
    );
    expect(figure({ name: "speed", value: 89, unit: "MiB/s", atLeast: 90 })).to.include({
      holds: false,
      ratio: null,
    });
    expect(figure({ name: "cost", value: 89, unit: "gas", atMost: 90 })).to.include({
      holds: true,
      target: 90,
    });
    expect(figure({ name: "cost", value: 91, unit: "gas", atMost: 90 })).to.include({ holds: false });
    expect(figure({ name: "size", value: 1, unit: "B" })).to.include({
      holds: null,
      target: null,
      reference: null,
    });
  });

  it("knows its subjects, and says so when it is asked for another", async () => {
    expect(subjects()).to.include("coding");
    for (const subject of subjects()) expect((await loadSubject(subject)).figures).to.be.a("function");
    for (const args of [["nothing"], [], ["../bench/coding"], ["coding", "kv"]]) {
      const { code, stdout, stderr } = await bench(...args);
      expect([code, stdout]).to.deep.equal([1, ""]);
      expect(stderr.trim().split("\n")).to.have.length(1);
      expect(stderr).to.contain("coding");
    }
  });

  it("explains itself", async () => {
    const { code, stdout } = await bench("--help");
    expect(code).to.equal(0);
    expect(stdout).to.contain("--json").and.to.contain("Example");
  });
});
