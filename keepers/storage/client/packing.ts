import { type Pack, PackBuilder, type PackItem } from "../format/pack.ts";
import type { StoredSegment } from "./uploadJournal.ts";

/** Gathers items into packs, and stores each pack once it is full; one pack is filled at a time. */
export class Packing {
  readonly #store: (pack: Pack) => Promise<StoredSegment>;
  readonly #atOnce: number;
  /** In the order in which the packs were filled, which is the same for the same items; so is the batch that pays them. */
  readonly #stored: StoredSegment[] = [];
  readonly #running = new Set<Promise<void>>();
  #builder = new PackBuilder();
  #started = 0;
  #failed: { readonly error: unknown } | undefined;

  /** @param atOnce packs that are stored at the same time; further items wait */
  constructor(store: (pack: Pack) => Promise<StoredSegment>, atOnce: number) {
    this.#store = store;
    this.#atOnce = atOnce;
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
    const pack = this.#builder.build();
    this.#builder = new PackBuilder();
    const number = this.#started++;
    const task: Promise<void> = this.#store(pack)
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
