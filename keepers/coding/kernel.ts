import { type Bytes, bytesOfMemory } from "../runtime/platform/bytes.ts";
import type { Field } from "./field.ts";
import { readKernels } from "./kernelFile.ts";

/** An address in the kernels' memory. */
type Pointer = number;

/** The exports of kernels/build/coding.wasm; their sources say what they do. */
export interface Kernel {
  expandBits(products: Pointer, bits: Pointer): void;
  expandTwiddles(bits: Pointer, twiddles: Pointer, count: number): void;
  copyRows(source: Pointer, target: Pointer, stride: number, count: number, width: number): void;
  addRows(source: Pointer, target: Pointer, stride: number, count: number, width: number): void;
  scale(
    source: Pointer,
    target: Pointer,
    stride: number,
    count: number,
    width: number,
    element: number,
    bits: Pointer,
    scratch: Pointer,
  ): void;
  scaleRows(
    source: Pointer,
    target: Pointer,
    stride: number,
    count: number,
    width: number,
    elements: Pointer,
    bits: Pointer,
    scratch: Pointer,
  ): void;
  derive(
    base: Pointer,
    stride: number,
    logRows: number,
    width: number,
    logBlock: number,
    blockPad: number,
  ): void;
  interpolate(
    base: Pointer,
    stride: number,
    logRows: number,
    width: number,
    first: number,
    twiddles: Pointer,
  ): void;
  evaluate(
    base: Pointer,
    stride: number,
    logRows: number,
    width: number,
    first: number,
    twiddles: Pointer,
  ): void;
  foldCoefficients(hashes: Pointer, coefficients: Pointer, count: number): void;
  combinationTables(coefficients: Pointer, bits: Pointer, tables: Pointer): void;
  combine(chunk: Pointer, stride: number, count: number, tables: Pointer, sums: Pointer): void;
  spreadCombinations(combinations: Pointer, row: Pointer, stride: number, count: number): void;
  gatherCombinations(row: Pointer, combinations: Pointer, stride: number, count: number): void;
  prepareSha256(constants: Pointer, scratch: Pointer): void;
  hashLeaves(leaves: Pointer, hashes: Pointer, count: number, scratch: Pointer): void;
  hashNodes(children: Pointer, parents: Pointer, count: number, scratch: Pointer): void;
  hashPairs(pairs: Pointer, count: number, spare: Pointer, scratch: Pointer): void;
  hashBlocks(messages: Pointer, blocks: number, hashes: Pointer, count: number, scratch: Pointer): void;
  hashCounters(seed: Pointer, from: number, hashes: Pointer, count: number, scratch: Pointer): void;
}

/** Bytes of the multiplier of one element, of sixteen of them, and of what SHA-256 works in. */
export const multiplierBytes = 128;
export const bitsBytes = 16 * multiplierBytes;
export const shaBytes = (64 + 16) * 16;
/** Bytes of the tables that combine one 64-byte chunk. */
export const chunkTableBytes = 32_768;

/** The compiled kernels: a constant, so a process makes it once, when it is first asked for. */
export function compileKernel(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readKernels());
  return compiled;
}

let compiled: WebAssembly.Module | undefined;

export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as Kernel;
}

/** A memory of fixed size that threads may share; zeroed. */
export function createMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / 65_536);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Kernels, and the memory that they work in. */
export interface OpenKernel {
  readonly kernel: Kernel;
  readonly bytes: Bytes;
}

/** Kernels with a memory of their own. */
export function openKernel(size: number): OpenKernel {
  const memory = createMemory(size);
  return { kernel: instantiateKernel(compileKernel(), memory), bytes: bytesOfMemory(memory.buffer) };
}

/** Makes what SHA-256 works in. @param spare where 256 bytes may be written over */
export function prepareSha({ kernel, bytes }: OpenKernel, spare: Pointer, sha: Pointer): void {
  bytes.set(roundConstants(), spare);
  kernel.prepareSha256(spare, sha);
}

/** The products of every two single-bit elements, as `expandBits` reads them. */
export function bitProducts(field: Field): Uint8Array {
  const products = new DataView(new ArrayBuffer(512));
  for (let a = 0; a < 16; a++)
    for (let b = 0; b < 16; b++) products.setUint16(2 * (16 * a + b), field.multiply(1 << a, 1 << b), true);
  return new Uint8Array(products.buffer);
}

/** The round constants of SHA-256 (FIPS 180-4, 4.2.2), little-endian u32. */
function roundConstants(): Uint8Array {
  const constants = new DataView(new ArrayBuffer(256));
  shaConstants.forEach((constant, round) => {
    constants.setUint32(4 * round, constant, true);
  });
  return new Uint8Array(constants.buffer);
}

const shaConstants = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];
