import { randomFillSync } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";

const MiB = 2 ** 20;
const pieceBytes = 4 * MiB;
const leastBytes = 64 * MiB;

/** Bytes to put: MYCELIA_BENCH_BYTES, 1 GiB when it isn't set. @throws Error when it is no number of bytes from 64 MiB on */
export function inputBytes(): number {
  const text = process.env.MYCELIA_BENCH_BYTES ?? String(1024 * MiB);
  const bytes = Number(text);
  if (Number.isSafeInteger(bytes) && bytes >= leastBytes) return bytes;
  throw new Error(`MYCELIA_BENCH_BYTES is "${text}"; give a number of bytes from ${leastBytes} on`);
}

export interface InputFile {
  readonly path: string;
  readonly crc: number;
  remove(): Promise<void>;
}

/** A file of random bytes: nothing of it can be squeezed or found twice. */
export async function makeInputFile(bytes: number): Promise<InputFile> {
  const directory = await mkdtemp(join(tmpdir(), "storage-bench-"));
  const path = join(directory, "input");
  const handle = await open(path, "wx");
  let crc = 0;
  const piece = Buffer.alloc(pieceBytes);
  try {
    for (let at = 0; at < bytes; at += pieceBytes) {
      const part = randomFillSync(piece).subarray(0, Math.min(pieceBytes, bytes - at));
      crc = crc32(part, crc);
      await handle.write(part);
    }
  } finally {
    await handle.close();
  }
  return { path, crc, remove: () => rm(directory, { recursive: true, force: true }) };
}
