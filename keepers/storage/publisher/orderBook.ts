import { createHash } from "node:crypto";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import { type BatchSegment, encodeBatch } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { nameOfItem } from "../format/pack.ts";

/** What a writer wants to be published. */
export type OrderContent =
  | { readonly kind: "object"; readonly name: Uint8Array; readonly bytes: number }
  | { readonly kind: "segments"; readonly segments: readonly BatchSegment[]; readonly bytes: number };

export type OrderState =
  | { readonly is: "pending" }
  /** In these drafts, by their numbers; an object lies in this pack, a commitment in hex. */
  | { readonly is: "drafted"; readonly drafts: readonly number[]; readonly pack?: string | undefined }
  | { readonly is: "failed"; readonly reason: string };

export interface Order {
  /** Lower-case hex: of who wants what, so that the same again is the same order. */
  readonly id: string;
  /** Lower-case address. */
  readonly writer: string;
  /** When it was accepted, milliseconds since 1970. */
  readonly at: number;
  readonly content: OrderContent;
  readonly state: OrderState;
}

export interface OrderLimits {
  /** Who is served, lower-case addresses. */
  readonly writers: ReadonlySet<string>;
  /** Data bytes that one writer may order a day (UTC). */
  readonly quotaBytesPerDay: number;
  /** Data bytes that may wait at once. */
  readonly maxPendingBytes: number;
}

const DAY_MS = 86_400_000;
const SEQUENCE_DIGITS = 16;

/** Orders of writers: what is accepted is durable, and a writer's quota with it. */
export class OrderBook {
  readonly #store: Store;
  readonly #limits: OrderLimits;
  readonly #orders: Records<Order>;
  /** Order ids in the order in which they came; what waits to be drafted. */
  readonly #queue: Records<string>;
  readonly #quotas: Records<number>;
  readonly #lock = new KeyedLock();
  #next = 0;
  #waiting = 0;
  #pendingBytes = 0;

  private constructor(store: Store, limits: OrderLimits) {
    this.#store = store;
    this.#limits = limits;
    this.#orders = createRecords(store, "orders/", plainFormat());
    this.#queue = createRecords(store, "queue/", plainFormat());
    this.#quotas = createRecords(store, "quotas/", plainFormat());
  }

  static async open(store: Store, limits: OrderLimits): Promise<OrderBook> {
    const book = new OrderBook(store, limits);
    for await (const [key, id] of book.#queue.scan()) {
      book.#next = Number(key) + 1;
      book.#waiting++;
      book.#pendingBytes += (await book.#orders.get(id))?.content.bytes ?? 0;
    }
    return book;
  }

  /** Orders that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Data bytes of the orders that wait. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** @throws FatalError storage/unknown-writer */
  requireWriter(writer: string): void {
    if (this.#limits.writers.has(writer.toLowerCase())) return;
    throw new FatalError(
      "storage/unknown-writer",
      `this publisher does not serve ${writer}; ask its operator, or publish yourself`,
      { writer },
    );
  }

  /** Accepts a small object. @throws as `acceptSegments`; FatalError storage/empty-object */
  async acceptObject(writer: string, bytes: Uint8Array, now: number): Promise<Order> {
    if (bytes.length === 0)
      throw new FatalError("storage/empty-object", "an object has at least one byte; this one is empty");
    const name = nameOfItem({ kind: "object", bytes });
    const content = { kind: "object" as const, name, bytes: bytes.length };
    const order = newOrder(writer, content, name, now);
    return await this.#accept(order, [{ kind: "put", key: objectKey(order.id), value: bytes }]);
  }

  /**
   * Accepts segments that members hold already.
   * @throws FatalError storage/unknown-writer, storage/writer-quota-exceeded; RetryableError storage/publisher-full
   */
  async acceptSegments(writer: string, segments: readonly BatchSegment[], now: number): Promise<Order> {
    const bytes = segments.reduce((sum, { shape }) => sum + shape.k * shape.rowSize, 0);
    const content = { kind: "segments" as const, segments, bytes };
    return await this.#accept(newOrder(writer, content, encodeBatch(segments), now), []);
  }

  async find(id: string): Promise<Order | undefined> {
    return await this.#orders.get(id);
  }

  /** The bytes of an object that was ordered and is not settled. */
  async objectBytes(id: string): Promise<Uint8Array | undefined> {
    return await this.#store.get(objectKey(id));
  }

  /** The first `most` orders that wait, with their keys in the queue. */
  async first(most: number): Promise<{ readonly key: string; readonly order: Order }[]> {
    const found: { key: string; order: Order }[] = [];
    for await (const [key, id] of this.#queue.scan({ limit: most })) {
      const order = await this.#orders.get(id);
      if (order !== undefined) found.push({ key, order });
    }
    return found;
  }

  /** Writes that take an order out of the queue; `commit` them with those of its drafts. */
  draftWrites(key: string, order: Order, state: Extract<OrderState, { is: "drafted" }>): StoreWrite[] {
    return [this.#queue.deleteWrite(key), this.stateWrite(order, state)];
  }

  stateWrite(order: Order, state: OrderState): StoreWrite {
    return this.#orders.putWrite(order.id, { ...order, state });
  }

  /** Writes that let an order wait again, behind those that wait. */
  requeueWrites(order: Order): StoreWrite[] {
    return [
      this.#queue.putWrite(sequenceKey(this.#next++), order.id),
      this.stateWrite(order, { is: "pending" }),
    ];
  }

  forgetBytesWrite(id: string): StoreWrite {
    return { kind: "delete", key: objectKey(id) };
  }

  /** Writes all or nothing. @param orders that leave the queue (-1) or come back to it (+1) */
  async commit(writes: readonly StoreWrite[], orders: readonly Order[], sign: 1 | -1): Promise<void> {
    await this.#store.batch(writes);
    this.#waiting += sign * orders.length;
    for (const { content } of orders) this.#pendingBytes += sign * content.bytes;
  }

  async #accept(order: Order, also: readonly StoreWrite[]): Promise<Order> {
    this.requireWriter(order.writer);
    return await this.#lock.run(order.writer, async () => {
      const known = await this.#orders.get(order.id);
      if (known !== undefined && known.state.is !== "failed") return known;
      const { bytes } = order.content;
      const day = `${order.writer}/${Math.floor(order.at / DAY_MS)}`;
      const used = (await this.#quotas.get(day)) ?? 0;
      if (used + bytes > this.#limits.quotaBytesPerDay)
        throw quotaExceeded(order.writer, bytes, used, this.#limits.quotaBytesPerDay);
      if (this.#pendingBytes + bytes > this.#limits.maxPendingBytes) throw full(this.#limits.maxPendingBytes);
      // Reserved before it is written: others wait for their own locks only.
      this.#pendingBytes += bytes;
      try {
        const writes = [...this.requeueWrites(order), this.#quotas.putWrite(day, used + bytes), ...also];
        await this.#store.batch(writes);
      } catch (error) {
        this.#pendingBytes -= bytes;
        throw error;
      }
      this.#waiting++;
      return order;
    });
  }
}

function newOrder(writer: string, content: OrderContent, what: Uint8Array, at: number): Order {
  const who = writer.toLowerCase();
  const id = nameOf(createHash("sha256").update(`${content.kind}/${who}/`).update(what).digest());
  return { id, writer: who, at, content, state: { is: "pending" } };
}

function objectKey(id: string): string {
  return `objects/${id}`;
}

function sequenceKey(number: number): string {
  return number.toString().padStart(SEQUENCE_DIGITS, "0");
}

function quotaExceeded(writer: string, bytes: number, used: number, limit: number): FatalError {
  return new FatalError(
    "storage/writer-quota-exceeded",
    `${bytes} bytes more would pass what ${writer} may order today: ${used} of ${limit} bytes are used; come back tomorrow (UTC)`,
    { writer, bytes, usedBytes: used, quotaBytes: limit },
  );
}

function full(maxPendingBytes: number): RetryableError {
  return new RetryableError(
    "storage/publisher-full",
    `${maxPendingBytes} bytes wait to be published already; try again in a while`,
    { maxPendingBytes },
  );
}
