import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import { type BatchLayout, type BatchSegment, encodeBatch, layOut, parseBatch } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";

const NOTHING = new Uint8Array(1);
const KEPT_LAYOUTS = 8;

/**
 * What batches consist of, by their roots. It says nothing of the chain: a list is known before its batch is appended, and
 * stays true whatever a reorg does. What is resolved is durable.
 */
export class BatchIndex {
  readonly #store: Store;
  readonly #lists: Store;
  /** Laying out a large batch is work; the latest few are kept. */
  readonly #layouts = new Map<string, BatchLayout>();

  constructor(store: Store) {
    this.#store = store;
    this.#lists = store.under("lists/");
  }

  /** Keeps the segments of a batch; resolves with the root that they have. */
  async put(segments: readonly BatchSegment[]): Promise<Uint8Array> {
    const layout = layOut(segments);
    const root = nameOf(layout.root);
    this.#keep(root, layout);
    const writes: StoreWrite[] = [{ kind: "put", key: `lists/${root}`, value: encodeBatch(segments) }];
    for (const { commitment } of segments)
      writes.push({ kind: "put", key: membership(nameOf(commitment), root), value: NOTHING });
    await this.#store.batch(writes);
    return layout.root;
  }

  /** @param root lower-case hex without prefix */
  async has(root: string): Promise<boolean> {
    return this.#layouts.has(root) || (await this.#lists.get(root)) !== undefined;
  }

  /** The list as it is served. @param root lower-case hex without prefix */
  list(root: string): Promise<Uint8Array | undefined> {
    return this.#lists.get(root);
  }

  /** @param root lower-case hex without prefix */
  async layout(root: string): Promise<BatchLayout | undefined> {
    const known = this.#layouts.get(root);
    if (known !== undefined) return known;
    const bytes = await this.#lists.get(root);
    if (bytes === undefined) return undefined;
    const layout = layOut(parseBatch(bytes));
    this.#keep(root, layout);
    return layout;
  }

  /** Roots of the known batches in which a segment lies. @param commitment lower-case hex without prefix */
  async batchesOf(commitment: string): Promise<string[]> {
    const roots: string[] = [];
    const prefix = membership(commitment, "");
    for await (const [key] of this.#store.scan({ prefix })) roots.push(key.slice(prefix.length));
    return roots;
  }

  /** Forgets a list, and that its segments lie in it. @param root lower-case hex without prefix */
  async forget(root: string): Promise<void> {
    const layout = await this.layout(root);
    if (layout === undefined) return;
    this.#layouts.delete(root);
    const keys = layout.segments.map(({ commitment }) => membership(nameOf(commitment), root));
    await this.#store.batch([...keys, `lists/${root}`].map((key) => ({ kind: "delete" as const, key })));
  }

  #keep(root: string, layout: BatchLayout): void {
    this.#layouts.delete(root);
    this.#layouts.set(root, layout);
    const [oldest] = this.#layouts.keys();
    if (this.#layouts.size > KEPT_LAYOUTS && oldest !== undefined) this.#layouts.delete(oldest);
  }
}

function membership(commitment: string, root: string): string {
  return `in/${commitment}/${root}`;
}
