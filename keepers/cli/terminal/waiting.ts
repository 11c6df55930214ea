import type { Output } from "./output.ts";

const NOTE_AFTER_MS = 1_000;

/** Says what is waited for when it takes more than a second. */
export async function whileNoting<T>(output: Output, note: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => output.note(note), NOTE_AFTER_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
