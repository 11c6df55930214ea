/** Objects of like size that are copied into one, so that each byte is copied once a size. */
const MERGED = 8;
const MOST_MERGED = 64;

/**
 * Objects that are worth being one: the first of a size class that has gathered eight, as far as they fit into one object. Classes
 * differ by the factor eight, so what is merged leaves its class, and few objects remain that are much smaller than they could be.
 * @param sizes bytes by number
 */
export function mergeableObjects(sizes: ReadonlyMap<number, number>, objectBytes: number): number[] {
  const classes = new Map<number, number[]>();
  for (const [file, bytes] of sizes) {
    if (bytes * 2 > objectBytes) continue;
    const size = Math.floor(Math.log(Math.max(1, bytes)) / Math.log(MERGED));
    const like = classes.get(size) ?? [];
    classes.set(size, like);
    like.push(file);
  }
  for (const [, like] of [...classes].sort(([a], [b]) => a - b)) {
    if (like.length < MERGED) continue;
    let room = objectBytes;
    const fitting = like
      .sort((a, b) => a - b)
      .slice(0, MOST_MERGED)
      .filter((file) => {
        const bytes = sizes.get(file)!;
        if (bytes > room) return false;
        room -= bytes;
        return true;
      });
    if (fitting.length > 1) return fitting;
  }
  return [];
}
