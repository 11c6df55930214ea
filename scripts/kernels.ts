/** Writes the WebAssembly of keepers/coding: `npm run build:kernels`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { compileKernels, kernelsBinary } from "./checks/kernels.ts";

const wasm = await compileKernels();
mkdirSync(dirname(kernelsBinary), { recursive: true });
writeFileSync(kernelsBinary, wasm);
console.log(`${kernelsBinary}: ${wasm.length} bytes`);
