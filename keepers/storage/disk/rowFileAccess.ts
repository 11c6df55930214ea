import { type FileHandle, readdir } from "node:fs/promises";
import type { ReadAt } from "./recordScan.ts";

const NAME = /^rows-(\d{6})\.dat$/;

export function rowFileName(file: number): string {
  return `rows-${file.toString().padStart(6, "0")}.dat`;
}

/** Numbers of the row files in a directory, rising. */
export async function listRowFiles(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Reads at any place of an open file. */
export function readAtOf(handle: FileHandle): ReadAt {
  return async (offset, length) => {
    const room = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await handle.read(room, 0, length, offset);
    return room.subarray(0, bytesRead);
  };
}
