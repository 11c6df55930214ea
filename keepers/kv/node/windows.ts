import type { Head } from "../state/head.ts";
import type { AnnouncementBook } from "./announcementBook.ts";

/*
 * Blocks are counted off in windows of equal size, the first beginning at block 0. The last version of a stream in each is a
 * checkpoint: whoever attests one can count on nodes that prove what it holds.
 */

/** Window of a block. */
export function windowOf(block: number, windowBlocks: number): number {
  return Math.floor(block / windowBlocks);
}

/** The newest version of a stream in a window that no further batch can come into; undefined when there is none. */
export async function newestCheckpoint(
  book: AnnouncementBook,
  stream: Buffer,
  { number, root, checkpoints }: Head,
  { windowBlocks, height }: { readonly windowBlocks: number; readonly height: number },
): Promise<Pick<Head, "number" | "root"> | undefined> {
  if (number === 0) return undefined;
  const [last, next] = await book.after(stream, number - 1, 2);
  if (last === undefined) return undefined;
  const window = windowOf(last.block, windowBlocks);
  const isOver = (window + 1) * windowBlocks - 1 <= height;
  const isLast = next === undefined || windowOf(next.block, windowBlocks) > window;
  return isOver && isLast ? { number, root } : checkpoints.at(-1);
}
