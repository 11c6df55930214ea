import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { BRIGHTEST, readDigits, splitDigits } from "./dataset.ts";
import { exportOnnx } from "./onnx.ts";
import { accuracy, DIGITS_PLAN, train } from "./training.ts";

// Trains the digits model and writes it beside this file: node --import tsx examples/digits/train.ts
const { training, heldOut } = splitDigits(readDigits());
const { layers, losses } = train(training, DIGITS_PLAN);
const file = exportOnnx(layers, { graph: "digits", input: "pixels", output: "scores" }, 1 / BRIGHTEST);
const hash = createHash("sha256").update(file).digest("hex");

writeFileSync(new URL("./digits.onnx", import.meta.url), file);
console.log(`loss ${losses[0]!.toFixed(3)} -> ${losses.at(-1)!.toFixed(4)} over ${losses.length} epochs`);
console.log(`training ${(100 * accuracy(layers, training)).toFixed(2)} % of ${training.count}`);
console.log(`held out ${(100 * accuracy(layers, heldOut)).toFixed(2)} % of ${heldOut.count}`);
console.log(`digits.onnx ${file.length} bytes, sha256 ${hash}`);
