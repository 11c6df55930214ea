import { combineRows, hashRows, type Rows, sealCombinations, sealRows } from "./commit.ts";
import { codeColumns } from "./parity.ts";
import { rebuildColumns } from "./rebuild.ts";
import type { Slab } from "./slab.ts";
import type { Columns } from "./transform.ts";

/** A piece of work on a slab that one thread does; plain data, so that it can be sent to one. */
export type Task =
  | { readonly kind: "code"; readonly columns: Columns; readonly factors: readonly number[] }
  | { readonly kind: "hash-rows"; readonly rows: Rows }
  | { readonly kind: "seal-rows" }
  | { readonly kind: "combine"; readonly rows: Rows }
  | { readonly kind: "seal-combinations" }
  | {
      readonly kind: "rebuild";
      readonly columns: Columns;
      readonly blocks: readonly number[];
      readonly hasOriginals: boolean;
    };

export function runTask(slab: Slab, task: Task, thread: number): void {
  switch (task.kind) {
    case "code":
      codeColumns(slab, task.factors, task.columns, thread);
      break;
    case "hash-rows":
      hashRows(slab, task.rows);
      break;
    case "seal-rows":
      sealRows(slab, thread);
      break;
    case "combine":
      combineRows(slab, task.rows, thread);
      break;
    case "seal-combinations":
      sealCombinations(slab, thread);
      break;
    case "rebuild":
      rebuildColumns(slab, task.blocks, task.hasOriginals, task.columns, thread);
      break;
  }
}

/** Cuts `length` into at most `parts` ranges whose ends are multiples of `unit`. */
export function cut(length: number, unit: number, parts: number): Columns[] {
  const units = Math.ceil(length / unit);
  const count = Math.max(1, Math.min(parts, units));
  return Array.from({ length: count }, (_, part) => ({
    from: Math.floor((part * units) / count) * unit,
    to: Math.min(length, Math.floor(((part + 1) * units) / count) * unit),
  }));
}
