import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";

export const kernelsBinary = "keepers/coding/kernels/build/coding.wasm";
const source = "keepers/coding/kernels/index.ts";
/** One memory shared by the threads, given by the host; no runtime and no allocation inside. */
const flags = [
  ..."--enable simd --enable relaxed-simd --enable threads --runtime stub -O3 --noAssert".split(" "),
  ..."--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536".split(" "),
];

/** The WebAssembly of keepers/coding; the compiler is pinned and its output deterministic. */
export async function compileKernels(): Promise<Uint8Array> {
  const outputs = new Map<string, Uint8Array | string>();
  const { error, stderr } = await asc.main([source, "--outFile", kernelsBinary, ...flags], {
    writeFile: (name: string, contents: Uint8Array | string) => void outputs.set(name, contents),
  });
  const wasm = outputs.get(kernelsBinary);
  if (error || !(wasm instanceof Uint8Array))
    throw new Error(`The coding kernels don't compile.\n${stderr.toString()}`);
  return wasm;
}

/** The committed WebAssembly when its sources have moved on. */
export async function findStaleKernels(): Promise<string[]> {
  if (Buffer.compare(await compileKernels(), readFileSync(kernelsBinary)) === 0) return [];
  return [`stale binary: ${kernelsBinary}: run "npm run build:kernels" and commit`];
}
