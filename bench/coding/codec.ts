import { hash, randomFillSync } from "node:crypto";
import { type Codec, createCodec, type EncodedSegment, type RowChecker } from "../../keepers/coding/codec.ts";
import type { Contender } from "../stopwatch.ts";
import { inputBytes, shape } from "./segment.ts";

/** What one of ten holders is sent. */
const heldRows = Math.floor((shape.k + shape.n) / 10);
export const heldBytes = heldRows * shape.rowSize;

/** What a codec does for writers, holders and readers, on the calling thread. */
export async function codecContenders(): Promise<Contender[]> {
  const codec = await createCodec({ threads: 0 });
  const data = randomFillSync(Buffer.alloc(inputBytes));
  const segment = await codec.encode(data, shape);
  const parity = rowsOf(segment, (index) => index >= shape.k);
  const scattered = rowsOf(segment, (index) => index % 2 === 1);
  const held = rowsOf(segment, (index) => index % 10 === 0);
  const paths = new Map([...held.keys()].map((index) => [index, segment.rowPath(index)]));
  const rlc = Uint8Array.from(segment.rlc);
  return [
    { name: "encode", go: () => encode(codec, data) },
    { name: "rebuild from parity", go: () => codec.rebuild(shape, parity) },
    { name: "rebuild from every other row", go: () => codec.rebuild(shape, scattered) },
    { name: "prepare checker", go: () => codec.checker(segment.commitment, shape, rlc) },
    {
      name: "check rows",
      async go() {
        checkAll(await codec.checker(segment.commitment, shape, rlc), held, paths);
      },
    },
    { name: "hash held rows", go: () => hashAll(held) },
  ];
}

async function encode(codec: Codec, data: Uint8Array): Promise<void> {
  const segment = await codec.encode(data, shape);
  segment.release();
}

function rowsOf(segment: EncodedSegment, take: (index: number) => boolean): Map<number, Uint8Array> {
  const rows = new Map<number, Uint8Array>();
  for (let index = 0; index < shape.k + shape.n; index++)
    if (take(index)) rows.set(index, Uint8Array.from(segment.row(index)));
  return rows;
}

function checkAll(
  checker: RowChecker,
  rows: ReadonlyMap<number, Uint8Array>,
  paths: ReadonlyMap<number, Uint8Array>,
): void {
  for (const [index, row] of rows) checker.check(index, row, paths.get(index)!);
}

function hashAll(rows: ReadonlyMap<number, Uint8Array>): void {
  for (const row of rows.values()) hash("sha256", row, "binary");
}
