import { bytesOfMemory } from "../runtime/platform/bytes.ts";
import type { Field } from "./field.ts";
import { bitProducts, createMemory, instantiateKernel, type OpenKernel, prepareSha } from "./kernel.ts";
import { createLayout, type Layout, scratchAt } from "./layout.ts";
import type { Shape } from "./shape.ts";

/** The memory of one codeword, and the kernels that work in it. */
export interface Slab extends OpenKernel {
  readonly layout: Layout;
  readonly memory: WebAssembly.Memory;
}

/** Wraps a memory that stands ready, for another thread. */
export function openSlab(module: WebAssembly.Module, memory: WebAssembly.Memory, layout: Layout): Slab {
  return { layout, memory, bytes: bytesOfMemory(memory.buffer), kernel: instantiateKernel(module, memory) };
}

/** Makes a memory for codewords of one shape and writes the tables that all of them use. */
export function createSlab(module: WebAssembly.Module, field: Field, shape: Shape, threads: number): Slab {
  const layout = createLayout(shape, threads);
  const slab = openSlab(module, createMemory(layout.bytes), layout);
  const { kernel, bytes } = slab;
  const { tables } = scratchAt(layout, 0);
  bytes.set(bitProducts(field), tables);
  kernel.expandBits(tables, layout.bits);
  kernel.expandTwiddles(layout.bits, layout.twiddles, layout.twiddleCount);
  for (let thread = 0; thread < threads; thread++) prepareSha(slab, tables, scratchAt(layout, thread).sha);
  return slab;
}
