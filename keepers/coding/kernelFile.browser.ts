// The bundler puts the bytes of the file here: a page has nowhere to read it from.
import kernels from "./kernels/build/coding.wasm";

/** As kernelFile.ts. */
export function readKernels(): Uint8Array<ArrayBuffer> {
  return kernels;
}
