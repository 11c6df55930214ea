import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStore } from "../../keepers/runtime/store/lmdb.ts";
import { SegmentIndex } from "../../keepers/storage/disk/segmentIndex.ts";
import { headBytes, type Network, segmentBytes, stripBytes } from "./networks.ts";

const segments = 5_000;
const atOnce = 250;

/** Bytes of a node's index a segment, measured: so many entries with `strips` strips each are written to a real store. */
export async function indexBytesPerSegment(network: Network, strips: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "mycelia-scale-"));
  const store = openLmdbStore(directory);
  try {
    const index = new SegmentIndex(store);
    const rows = segmentBytes / network.rowSize;
    const shape = { k: rows, n: rows, rowSize: network.rowSize };
    for (let done = 0; done < segments; done += atOnce)
      await index.apply(
        Array.from({ length: atOnce }, (_, i) => ({
          kind: "segment" as const,
          commitment: randomBytes(32).toString("hex"),
          head: {
            shape,
            rowRoot: randomBytes(32),
            uploader: `0x${"5".repeat(40)}`,
            head: { file: 100, offset: (done + i) * stripBytes, length: headBytes(network) },
          },
          strips: Array.from({ length: strips }, (_, strip) => {
            const place = { file: 100, offset: (done + i) * strips * stripBytes, length: stripBytes };
            return [strip * Math.floor(256 / strips), place] as const;
          }),
        })),
      );
    return (await fileBytes(directory)) / segments;
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function fileBytes(directory: string): Promise<number> {
  const { blocks } = await stat(join(directory, "data.mdb"));
  return blocks * 512;
}
