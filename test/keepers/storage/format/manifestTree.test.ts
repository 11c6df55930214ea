import { createHash, hash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { chooseShape } from "../../../../keepers/coding/codec.ts";
import { FatalError } from "../../../../keepers/runtime/errors.ts";
import {
  MAX_MANIFEST_BYTES,
  MAX_ROW_BYTES,
  MAX_SEGMENT_BYTES,
  SLOTS,
} from "../../../../keepers/storage/format/limits.ts";
import {
  encodeNode,
  type ManifestNode,
  type ManifestSegment,
  parseNode,
  type TreeLimits,
} from "../../../../keepers/storage/format/manifestNode.ts";
import {
  ManifestTreeBuilder,
  type NamedNode,
  readNode,
  segmentsIn,
} from "../../../../keepers/storage/format/manifestTree.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { slotOfRow, slotOfStrip } from "../../../../keepers/storage/format/placement.ts";
import { codeOf, codeOfRejection } from "../codes.ts";

const SMALL: TreeLimits = { segmentsPerLeaf: 3, childrenPerIndex: 2 };
const TERABYTE = 2 ** 40;
const FULL_SHAPE = chooseShape(MAX_SEGMENT_BYTES, 10, { maxRowSize: MAX_ROW_BYTES, parityPerOriginal: 1 });

/** The segment that a generated source has at `index`: as the client would name it, without its bytes. */
function segmentAt(index: number, length = MAX_SEGMENT_BYTES): ManifestSegment {
  return { commitment: hash("sha256", `segment ${index}`, "buffer"), length, shape: FULL_SHAPE };
}

/** Keeps nodes as packs would: by name. */
class Shelf {
  readonly nodes = new Map<string, Uint8Array>();
  fetched = 0;

  readonly keep = async ({ name, bytes }: NamedNode) => {
    this.nodes.set(nameOf(name), bytes);
  };

  readonly fetch = async (name: Uint8Array) => {
    this.fetched++;
    return this.nodes.get(nameOf(name))!;
  };
}

async function build(lengths: readonly number[], limits = SMALL) {
  const shelf = new Shelf();
  const builder = new ManifestTreeBuilder(shelf.keep, limits);
  for (const [index, length] of lengths.entries()) await builder.add(segmentAt(index, length));
  return { shelf, root: await builder.finish(), reading: { fetch: shelf.fetch, limits } };
}

describe("storage: manifest tree", () => {
  it("finds the segments of every range, over every border of leaves and indexes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 }),
        fc.nat(700),
        fc.nat(700),
        async (lengths, offset, length) => {
          const { root, reading } = await build(lengths);
          const found: number[] = [];
          const top = await readNode(root.name, reading);
          expect(top).to.deep.equal(root.node);
          for await (const { segment, start } of segmentsIn(top, { offset, length }, reading)) {
            const index = lengths.findIndex((_, i) => start === sum(lengths.slice(0, i)));
            expect(segment).to.deep.equal(segmentAt(index, lengths[index]));
            found.push(index);
          }
          const wanted = [...lengths.keys()].filter((index) => {
            const start = sum(lengths.slice(0, index));
            return length > 0 && start < offset + length && start + lengths[index]! > offset;
          });
          expect(found).to.deep.equal(wanted);
        },
      ),
    );
  });

  it("has the levels that its number of segments asks for, and refuses what no level holds", async () => {
    const levels = { 1: 0, 3: 0, 4: 1, 6: 1, 7: 2, 12: 2 };
    for (const [count, level] of Object.entries(levels)) {
      const { root } = await build(new Array<number>(Number(count)).fill(5));
      expect(root.node.level, count).to.equal(level);
      expect(root.node.size).to.equal(5 * Number(count));
    }
    expect(await codeOfRejection(build(new Array<number>(13).fill(5)))).to.equal("storage/object-too-large");
    expect(await codeOfRejection(build([]))).to.equal("storage/empty-object");
  });

  it("takes no byte that was changed under a name, and nothing that it would not write", async () => {
    const { root, shelf, reading } = await build([5, 6, 7, 8, 9, 10, 11]);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...shelf.nodes),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async ([name, bytes], position, change) => {
          const changed = Uint8Array.from(bytes);
          changed[position % bytes.length]! ^= change;
          const lying = { ...reading, fetch: async () => changed };
          expect(await codeOfRejection(readNode(Buffer.from(name, "hex"), lying))).to.equal(
            "storage/wrong-root",
          );
          let node: ManifestNode;
          try {
            node = parseNode(changed, SMALL);
          } catch (error) {
            expect(error).to.be.instanceOf(FatalError).with.property("code", "storage/bad-manifest");
            return;
          }
          expect(Buffer.compare(encodeNode(node, SMALL), changed)).to.equal(0);
        },
      ),
    );
    for (const bytes of [new Uint8Array(), new Uint8Array(19), new Uint8Array(MAX_MANIFEST_BYTES + 1)])
      expect(codeOf(() => parseNode(bytes))).to.equal("storage/bad-manifest");
    expect(codeOf(() => parseNode(Buffer.concat([root.bytes, Buffer.of(0)]), SMALL))).to.equal(
      "storage/bad-manifest",
    );
  });

  it("refuses a tree whose index says another size or level than its children have", async () => {
    const { root, shelf, reading } = await build([5, 6, 7, 8]);
    const { node } = root;
    if (!("children" in node)) throw new Error("the root is an index");
    const [first, second] = node.children;
    const walk = async (top: ManifestNode) => {
      const all = { offset: 0, length: top.size };
      for await (const _ of segmentsIn(top, all, reading));
    };
    const longer = {
      ...node,
      size: node.size + 1,
      children: [{ ...first!, size: first!.size + 1 }, second!],
    };
    expect(await codeOfRejection(walk(longer))).to.equal("storage/bad-manifest");
    const higher = { level: 2, size: first!.size, children: [first!] };
    expect(await codeOfRejection(walk(higher))).to.equal("storage/bad-manifest");
    expect(shelf.nodes.size).to.equal(3);
  });

  it("names a sparse stream of 1 TB: every segment in its place, any byte two nodes away", async () => {
    const count = TERABYTE / MAX_SEGMENT_BYTES;
    const shelf = new Shelf();
    const digest = createHash("sha256");
    const builder = new ManifestTreeBuilder(shelf.keep);
    const strips = new Uint32Array(SLOTS);
    for (let index = 0; index < count; index++) {
      const segment = segmentAt(index);
      strips[slotOfStrip(0, segment.commitment)]!++;
      digest.update(segment.commitment);
      await builder.add(segment);
    }
    const root = await builder.finish();
    expect(builder.size).to.equal(TERABYTE);
    expect(shelf.nodes.size).to.equal(256 + 1);
    expect(Math.max(...[...shelf.nodes.values()].map(({ length }) => length))).to.be.lessThan(
      MAX_MANIFEST_BYTES,
    );
    // The first strip goes to each of 256 slots about as often: 1,024 times, within six deviations.
    for (const times of strips) expect(Math.abs(times - count / SLOTS)).to.be.lessThan(6 * 32);
    for (const offset of [
      0,
      1,
      MAX_SEGMENT_BYTES - 1,
      MAX_SEGMENT_BYTES * 1_024,
      TERABYTE - 1,
      777_777_777_777,
    ]) {
      shelf.fetched = 0;
      const top = await readNode(root.name, shelf);
      const found = [];
      for await (const placed of segmentsIn(top, { offset, length: 1 }, shelf)) found.push(placed);
      const index = Math.floor(offset / MAX_SEGMENT_BYTES);
      expect(found).to.deep.equal([{ segment: segmentAt(index), start: index * MAX_SEGMENT_BYTES }]);
      expect(slotOfRow(0, FULL_SHAPE, found[0]!.segment.commitment)).to.be.lessThan(SLOTS);
      expect(shelf.fetched).to.equal(2);
    }
    const again = createHash("sha256");
    const all = { offset: 0, length: TERABYTE };
    for await (const { segment } of segmentsIn(root.node, all, shelf)) again.update(segment.commitment);
    expect(again.digest("hex")).to.equal(digest.digest("hex"));
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
