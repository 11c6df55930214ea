import type { Shape } from "../../keepers/coding/codec.ts";

/** A full storage segment: 4 MiB at rate 1/2 in rows of 1 KiB. */
export const shape: Shape = { k: 4096, n: 4096, rowSize: 1024 };
export const inputBytes = shape.k * shape.rowSize;
export const codewordBytes = inputBytes + shape.n * shape.rowSize;
