import { type Pack, PackBuilder, type PackItem } from "../format/pack.ts";
import { BufferPool } from "./bufferPool.ts";
import type { StoredSegment } from "./uploadJournal.ts";

/** Stores a pack; calls `isRead` once the bytes of the pack are not needed any more. */
export type PackStore = (pack: Pack, isRead: () => void) => Promise<StoredSegment>;

/** Gathers items into packs, and stores each pack once it is full; one pack is filled at a time. */
export class Packing {
  readonly #store: PackStore;
  readonly #atOnce: number;
  /** In the order in which the packs were filled, which is the same for the same items; so is the batch that pays them. */
  readonly #stored: StoredSegment[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #room: BufferPool;
  #builder = new PackBuilder();
  #started = 0;
  #failed: { readonly error: unknown } | undefined;

  /** @param atOnce packs that are stored at the same time; further items wait */
  constructor(store: PackStore, atOnce: number) {
    this.#store = store;
    this.#atOnce = atOnce;
    this.#room = new BufferPool(atOnce);
  }

  /** Takes an item in and names it. @throws what storing an earlier pack has thrown */
  async add(item: PackItem): Promise<Uint8Array> {
    const name = this.#builder.add(item);
    if (name !== undefined) return name;
    this.#start();
    while (this.#running.size >= this.#atOnce) await Promise.race(this.#running);
    if (this.#failed !== undefined) throw this.#failed.error;
    return this.#builder.add(item)!;
  }

  /** Stores what has been taken in; all packs so far. */
  async finish(): Promise<readonly StoredSegment[]> {
    if (this.#builder.count > 0) this.#start();
    await Promise.all(this.#running);
    if (this.#failed !== undefined) throw this.#failed.error;
    return this.#stored;
  }

  #start(): void {
    const pack = this.#builder.build((bytes) => this.#room.take(bytes));
    this.#builder = new PackBuilder();
    const number = this.#started++;
    const task: Promise<void> = this.#store(pack, () => this.#room.give(pack.bytes))
      .then((segment) => {
        this.#stored[number] = segment;
      })
      .catch((error: unknown) => {
        this.#failed ??= { error };
      })
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }
}
