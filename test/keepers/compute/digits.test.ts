import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect } from "chai";
import { CLASSES, type Digits, PIXELS, readDigits, splitDigits } from "../../../examples/digits/dataset.ts";
import { largest } from "../../../examples/digits/network.ts";
import { accuracy, DIGITS_PLAN, train } from "../../../examples/digits/training.ts";
import type { EngineSession } from "../../../keepers/compute/engine/engine.ts";
import { createExactEngine } from "../../../keepers/compute/engine/onnxEngine.ts";

const model = readFileSync(new URL("../../../examples/digits/digits.onnx", import.meta.url));
const { training, heldOut } = splitDigits(readDigits());

async function scoresOf(session: EngineSession, digits: Digits, batch: number): Promise<Float32Array> {
  const scores = new Float32Array(digits.count * CLASSES);
  for (let start = 0; start < digits.count; start += batch) {
    const rows = Math.min(batch, digits.count - start);
    const data = digits.pixels.slice(start * PIXELS, (start + rows) * PIXELS);
    const [answer] = await session.run([{ name: "pixels", dtype: "float32", dims: [rows, PIXELS], data }]);
    scores.set(answer!.data as Float32Array, start * CLASSES);
  }
  return scores;
}

const hash = (scores: Float32Array): string =>
  createHash("sha256").update(new Uint8Array(scores.buffer)).digest("hex");

async function hashWith(threads: number, batch: number): Promise<string> {
  const engine = createExactEngine({ threads });
  try {
    return hash(await scoresOf(await engine.load(model), heldOut, batch));
  } finally {
    await engine.close();
  }
}

describe("digits", function () {
  this.timeout(120_000);
  it("holds a fifth out, the same fifth each time, and loses no image", () => {
    expect(heldOut.count).to.equal(360);
    expect(training.count + heldOut.count).to.equal(1797);
    expect(splitDigits(readDigits())).to.deep.equal({ training, heldOut });
    const sum = (digits: Digits) => digits.pixels.reduce((total, pixel) => total + pixel, 0);
    expect(sum(training) + sum(heldOut)).to.equal(sum(readDigits()));
  });

  it("learns, and the same way each time", () => {
    const plan = { ...DIGITS_PLAN, epochs: 3 };
    const first = train(training, plan);
    expect(first.losses[2]).to.be.lessThan(first.losses[0]!);
    expect(accuracy(first.layers, heldOut)).to.be.greaterThan(0.8);
    expect(train(training, plan)).to.deep.equal(first);
    expect(train(training, { ...plan, seed: 8 }).losses).to.not.deep.equal(first.losses);
  });

  it("reads at least 96 % of the held-out fifth right with the committed model", async () => {
    const engine = createExactEngine();
    const scores = await scoresOf(await engine.load(model), heldOut, heldOut.count);
    await engine.close();
    let right = 0;
    heldOut.labels.forEach((label, row) => {
      if (largest(scores.subarray(row * CLASSES, (row + 1) * CLASSES)) === label) right++;
    });
    expect(right / heldOut.count).to.be.at.least(0.96);
  });

  it("gives equal bits with any batch size and with one thread or two", async () => {
    const expected = await hashWith(1, heldOut.count);
    for (const threads of [1, 2]) {
      for (const batch of [1, 2, 7, 64, 360]) {
        expect(await hashWith(threads, batch), `threads ${threads}, batch ${batch}`).to.equal(expected);
      }
    }
  });

  it("gives equal bits in another process", async () => {
    const script = new URL("./hashHeldOut.ts", import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script.pathname]);
    expect(stdout.trim()).to.equal(await hashWith(1, heldOut.count));
  });
});
