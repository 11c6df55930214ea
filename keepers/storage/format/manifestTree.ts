import { FatalError } from "../../runtime/errors.ts";
import { sameBytes } from "../../runtime/platform/bytes.ts";
import {
  badManifest,
  encodeNode,
  entriesOf,
  MAX_LEVEL,
  type ManifestChild,
  type ManifestNode,
  type ManifestSegment,
  manifestName,
  parseNode,
  TREE_LIMITS,
  type TreeLimits,
} from "./manifestNode.ts";

/** A node with its name: SHA-256(0x02 || bytes). */
export interface NamedNode {
  readonly name: Uint8Array;
  readonly bytes: Uint8Array;
  readonly node: ManifestNode;
}

/**
 * Builds a tree out of segments that come one by one. It holds one unfinished node a level, whatever the size of the
 * object; a finished node is given to `keep`, which is waited for.
 */
export class ManifestTreeBuilder {
  readonly #keep: (node: NamedNode) => Promise<void>;
  readonly #limits: TreeLimits;
  readonly #levels: ManifestChild[][] = [];
  #segments: ManifestSegment[] = [];
  #size = 0;

  constructor(keep: (node: NamedNode) => Promise<void>, limits: TreeLimits = TREE_LIMITS) {
    this.#keep = keep;
    this.#limits = limits;
  }

  /** Object bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** @throws FatalError storage/object-too-large */
  async add(segment: ManifestSegment): Promise<void> {
    if (this.#segments.length === this.#limits.segmentsPerLeaf) await this.#closeLeaf();
    this.#segments.push(segment);
    this.#size += segment.length;
  }

  /** Ends the tree; its root. @throws FatalError storage/empty-object when no segment came */
  async finish(): Promise<NamedNode> {
    if (this.#segments.length === 0)
      throw new FatalError("storage/empty-object", "an object has at least one byte; this one is empty");
    if (this.#levels.length === 0) return await this.#close(this.#leaf());
    await this.#closeLeaf();
    for (let level = 1; ; level++) {
      const root = await this.#close(this.#index(level));
      if (level === this.#levels.length) return root;
      await this.#put(level + 1, root);
    }
  }

  async #closeLeaf(): Promise<void> {
    const leaf = await this.#close(this.#leaf());
    this.#segments = [];
    await this.#put(1, leaf);
  }

  async #put(level: number, { name, node }: NamedNode): Promise<void> {
    if (level > MAX_LEVEL) throw tooLarge(this.#size);
    const children = this.#levels[level - 1] ?? [];
    if (children.length === this.#limits.childrenPerIndex) {
      const full = await this.#close(this.#index(level));
      children.length = 0;
      await this.#put(level + 1, full);
    }
    children.push({ name, size: node.size });
    this.#levels[level - 1] = children;
  }

  #leaf(): ManifestNode {
    const segments = [...this.#segments];
    return { level: 0, size: segments.reduce((sum, { length }) => sum + length, 0), segments };
  }

  #index(level: number): ManifestNode {
    const children = [...(this.#levels[level - 1] ?? [])];
    return { level, size: children.reduce((sum, { size }) => sum + size, 0), children };
  }

  async #close(node: ManifestNode): Promise<NamedNode> {
    const bytes = encodeNode(node, this.#limits);
    const named = { name: manifestName(bytes), bytes, node };
    await this.#keep(named);
    return named;
  }
}

/** A segment of an object, and where its bytes start in it. */
export interface PlacedSegment {
  readonly segment: ManifestSegment;
  readonly start: number;
}

export interface TreeReading {
  /** The bytes that have this name; they are checked against it. */
  readonly fetch: (name: Uint8Array) => Promise<Uint8Array>;
  readonly limits?: TreeLimits;
}

/** Reads the node of this name. @throws FatalError storage/wrong-root, storage/bad-manifest */
export async function readNode(name: Uint8Array, { fetch, limits }: TreeReading): Promise<ManifestNode> {
  const bytes = await fetch(name);
  if (!sameBytes(manifestName(bytes), name))
    throw new FatalError("storage/wrong-root", "the manifest is not the one that its name says");
  return parseNode(bytes, limits);
}

/**
 * The segments that hold bytes `offset` to `offset + length` of an object, in order. Only nodes on the way are read, and
 * one a level is held. @throws what `readNode` throws
 */
export async function* segmentsIn(
  root: ManifestNode,
  { offset, length }: { readonly offset: number; readonly length: number },
  reading: TreeReading,
): AsyncGenerator<PlacedSegment> {
  if (length > 0) yield* walk(root, 0, offset, offset + length, reading);
}

async function* walk(
  node: ManifestNode,
  start: number,
  from: number,
  to: number,
  reading: TreeReading,
): AsyncGenerator<PlacedSegment> {
  let at = start;
  for (const entry of entriesOf(node)) {
    const end = at + ("name" in entry ? entry.size : entry.length);
    if (at >= to) return;
    if (end > from) {
      if ("name" in entry) yield* walk(await readChild(node, entry, reading), at, from, to, reading);
      else yield { segment: entry, start: at };
    }
    at = end;
  }
}

async function readChild(parent: ManifestNode, child: ManifestChild, reading: TreeReading) {
  const node = await readNode(child.name, reading);
  if (node.level === parent.level - 1 && node.size === child.size) return node;
  throw badManifest(
    `a child of level ${node.level} and ${node.size} bytes where one of level ${parent.level - 1} and ${child.size} bytes belongs`,
  );
}

function tooLarge(size: number): FatalError {
  return new FatalError(
    "storage/object-too-large",
    `the object has more than ${size} bytes, which is all that a manifest tree of ${MAX_LEVEL + 1} levels names; split it`,
    { size },
  );
}
