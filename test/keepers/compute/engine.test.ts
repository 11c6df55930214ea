import { readFileSync } from "node:fs";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { exportOnnx } from "../../../examples/digits/onnx.ts";
import type { Engine } from "../../../keepers/compute/engine/engine.ts";
import {
  createExactEngine,
  createNativeEngine,
  EXACT_ENGINE,
} from "../../../keepers/compute/engine/onnxEngine.ts";
import type { Tensor } from "../../../keepers/compute/tensors.ts";

use(chaiAsPromised);

const digits = readFileSync(new URL("../../../examples/digits/digits.onnx", import.meta.url));

function pixels(rows: number, value = 3, columns = 64): Tensor {
  return {
    name: "pixels",
    dtype: "float32",
    dims: [rows, columns],
    data: new Float32Array(rows * columns).fill(value),
  };
}

describe("exact engine", function () {
  this.timeout(60_000);
  let engine: Engine;
  before(() => {
    engine = createExactEngine();
  });
  after(() => engine.close());

  it("is the version that is installed and that models pin", () => {
    const manifest = new URL("../../../node_modules/onnxruntime-web/package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    expect(EXACT_ENGINE).to.equal(`onnxruntime-web@${version}`);
    expect(engine.id).to.equal(EXACT_ENGINE);
  });

  it("says what a model takes and gives", async () => {
    const session = await engine.load(digits);
    expect(session.inputs).to.deep.equal([{ name: "pixels", dtype: "float32", dims: ["batch", 64] }]);
    expect(session.outputs).to.deep.equal([{ name: "scores", dtype: "float32", dims: ["batch", 10] }]);
    await session.close();
  });

  it("leaves the thread that calls it free", async () => {
    const session = await engine.load(digits);
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const rows = 200_000;
    const big = createExactEngine({ limits: { maxOutputBytes: rows * 40 } });
    const [answer] = await (await big.load(digits)).run([pixels(rows)]);
    clearInterval(ticking);
    await big.close();
    expect(answer!.dims).to.deep.equal([rows, 10]);
    expect(turns).to.be.greaterThan(1);
    await session.close();
  });

  const garbage: [string, Uint8Array][] = [
    ["nothing", new Uint8Array(0)],
    ["four bytes", Uint8Array.of(1, 2, 3, 4)],
    ["text", new TextEncoder().encode("this is not a model")],
    ["half a model", digits.subarray(0, digits.length >> 1)],
    ["zeros", new Uint8Array(10_000)],
  ];
  for (const [what, bytes] of garbage) {
    it(`refuses ${what} as a model`, async () => {
      await expect(engine.load(bytes)).to.be.rejected.and.eventually.include({
        code: "compute/invalid-model",
        retry: false,
      });
    });
  }

  it("refuses a model over its size limit", async () => {
    const small = createExactEngine({ limits: { maxModelBytes: digits.length - 1 } });
    await expect(small.load(digits)).to.be.rejected.and.eventually.include({ code: "compute/invalid-model" });
    await small.close();
  });

  describe("inputs", () => {
    const bad: [string, Tensor[]][] = [
      ["none", []],
      ["another name", [{ ...pixels(1), name: "image" }]],
      ["one too many", [pixels(1), { ...pixels(1), name: "more" }]],
      ["another type", [{ name: "pixels", dtype: "float64", dims: [1, 64], data: new Float64Array(64) }]],
      ["63 columns", [pixels(1, 3, 63)]],
      ["one dimension", [{ name: "pixels", dtype: "float32", dims: [64], data: new Float32Array(64) }]],
      ["NaN", [pixels(1, Number.NaN)]],
      ["infinity", [pixels(1, Number.POSITIVE_INFINITY)]],
    ];
    for (const [what, tensors] of bad) {
      it(`refuses ${what}`, async () => {
        const session = await engine.load(digits);
        await expect(session.run(tensors)).to.be.rejected.and.eventually.include({
          code: "compute/invalid-input",
          retry: false,
        });
        expect(await session.run([pixels(1)])).to.have.length(1);
        await session.close();
      });
    }
  });

  it("refuses an answer over its size limit and goes on", async () => {
    const small = createExactEngine({ limits: { maxOutputBytes: 80 } });
    const session = await small.load(digits);
    await expect(session.run([pixels(3)])).to.be.rejected.and.eventually.include({
      code: "compute/invalid-input",
    });
    expect((await session.run([pixels(2)]))[0]!.dims).to.deep.equal([2, 10]);
    await small.close();
  });

  it("stops a run that takes too long, says so as retryable, and answers again", async () => {
    const width = 1024;
    const layer = {
      inputs: width,
      outputs: width,
      weights: new Float32Array(width * width),
      bias: new Float32Array(width),
    };
    const heavy = exportOnnx(Array(8).fill(layer), { graph: "heavy", input: "x", output: "y" }, 1);
    const slow = createExactEngine({ limits: { runTimeoutMs: 2_500, maxOutputBytes: 1e9 } });
    const session = await slow.load(heavy);
    const rows = 20_000;
    const batch: Tensor = {
      name: "x",
      dtype: "float32",
      dims: [rows, width],
      data: new Float32Array(rows * width).fill(1),
    };
    await expect(session.run([batch])).to.be.rejected.and.eventually.include({
      code: "compute/engine-failed",
      retry: true,
    });
    const one: Tensor = { ...batch, dims: [1, width], data: new Float32Array(width) };
    expect((await session.run([one]))[0]!.dims).to.deep.equal([1, width]);
    await slow.close();
  });

  it("answers nothing after it was closed", async () => {
    const session = await engine.load(digits);
    await session.close();
    await expect(session.run([pixels(1)])).to.be.rejected.and.eventually.include({
      code: "compute/engine-closed",
    });
  });
});

describe("native engine", function () {
  this.timeout(60_000);
  it("agrees with the exact one to within a tolerance", async () => {
    const [exact, native] = [createExactEngine(), createNativeEngine()];
    const [a, b] = await Promise.all([exact.load(digits), native.load(digits)]);
    expect(b.inputs).to.deep.equal(a.inputs);
    const [[x], [y]] = await Promise.all([a.run([pixels(5)]), b.run([pixels(5)])]);
    (x!.data as Float32Array).forEach((value, index) => {
      expect((y!.data as Float32Array)[index]).to.be.closeTo(value, 1e-4);
    });
    await Promise.all([exact.close(), native.close()]);
  });
});
