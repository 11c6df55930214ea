import { readFileSync } from "node:fs";

const file = new URL("./kernels/build/coding.wasm", import.meta.url);

/** The kernels as they were built. */
export function readKernels(): Uint8Array<ArrayBuffer> {
  return readFileSync(file);
}
