import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PIXELS, readDigits, splitDigits } from "../../../examples/digits/dataset.ts";
import { createExactEngine } from "../../../keepers/compute/engine/onnxEngine.ts";

// Prints the SHA-256 of the exact engine's scores for the held-out digits; run as a process of its own.
const { heldOut } = splitDigits(readDigits());
const engine = createExactEngine();
const session = await engine.load(
  readFileSync(new URL("../../../examples/digits/digits.onnx", import.meta.url)),
);
const [scores] = await session.run([
  { name: "pixels", dtype: "float32", dims: [heldOut.count, PIXELS], data: heldOut.pixels },
]);
console.log(createHash("sha256").update(new Uint8Array(scores!.data.buffer)).digest("hex"));
await engine.close();
