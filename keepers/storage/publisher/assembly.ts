import type { StoreWrite } from "../../runtime/store/store.ts";
import type { SegmentUpload } from "../client/segmentUpload.ts";
import type { BatchSegment } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { PackBuilder } from "../format/pack.ts";
import type { DraftBook, DraftRecord } from "./draftBook.ts";
import type { Order, OrderBook } from "./orderBook.ts";
import { batchesFor } from "./publish.ts";

export interface AssemblyNeeds {
  readonly orders: OrderBook;
  readonly drafts: DraftBook;
  /** Brings packs to their members. */
  readonly openUpload: () => Pick<SegmentUpload, "storePack">;
  /** Number of open committees. */
  readonly committeeCount: () => Promise<number>;
  /** Months of 30 days that batches are paid for; 0 = for ever. */
  readonly months: number;
  /** Most orders that are drafted at once. */
  readonly maxOrders: number;
}

/** An order, and the segments that it lies in. */
interface Placed {
  readonly key: string;
  readonly order: Order;
  readonly segments: readonly BatchSegment[];
}

/**
 * Drafts the orders that wait: small objects are packed and stored, and with what writers have stored laid out in batches,
 * packs apart from writers' segments. Cut off before its one write, nothing has happened but that members hold some packs.
 * @returns orders that were drafted
 */
export async function assemble(needs: AssemblyNeeds, signal: AbortSignal): Promise<number> {
  const waiting = await needs.orders.first(needs.maxOrders);
  if (waiting.length === 0) return 0;
  const packed = await pack(needs, waiting, signal);
  const stored = waiting.flatMap(({ key, order }) =>
    order.content.kind === "segments" ? [{ key, order, segments: order.content.segments }] : [],
  );
  const count = await needs.committeeCount();
  const writes: StoreWrite[] = [
    ...draft(needs, "packs", packed, count),
    ...draft(needs, "segments", stored, count),
  ];
  await needs.orders.commit(
    writes,
    [...packed, ...stored].map(({ order }) => order),
    -1,
  );
  return packed.length + stored.length;
}

/** One pack is in memory at a time. */
async function pack(
  { orders, openUpload }: AssemblyNeeds,
  waiting: readonly { readonly key: string; readonly order: Order }[],
  signal: AbortSignal,
): Promise<Placed[]> {
  const placed: Placed[] = [];
  const upload = openUpload();
  let builder = new PackBuilder();
  let inside: { readonly key: string; readonly order: Order }[] = [];
  const store = async () => {
    const { commitment, shape } = await upload.storePack(builder.build(), signal);
    placed.push(...inside.map((one) => ({ ...one, segments: [{ commitment, shape }] })));
    builder = new PackBuilder();
    inside = [];
  };
  for (const one of waiting) {
    if (one.order.content.kind !== "object") continue;
    const bytes = await orders.objectBytes(one.order.id);
    if (bytes === undefined) continue;
    const item = { kind: "object" as const, bytes };
    if (builder.add(item) === undefined) {
      await store();
      builder.add(item);
    }
    inside.push(one);
  }
  if (inside.length > 0) await store();
  return placed;
}

function draft(
  { orders, drafts, months }: AssemblyNeeds,
  kind: DraftRecord["kind"],
  placed: readonly Placed[],
  count: number,
): StoreWrite[] {
  const records = batchesFor(placed, count).map(({ committee, segments }) => {
    const names = new Set(segments.map(({ commitment }) => nameOf(commitment)));
    const inside = placed.filter((one) =>
      one.segments.some(({ commitment }) => names.has(nameOf(commitment))),
    );
    const ids = inside.map(({ order }) => order.id);
    return { number: drafts.takeNumber(), committee, segments, months, orders: ids, kind, refusals: 0 };
  });
  const numbers = new Map<string, number[]>();
  for (const { number, orders: ids } of records)
    for (const id of ids) numbers.set(id, [...(numbers.get(id) ?? []), number]);
  return [
    ...records.map((record) => drafts.openWrite(record)),
    ...placed.flatMap(({ key, order, segments }) => {
      const pack = kind === "packs" ? nameOf(segments[0]!.commitment) : undefined;
      return orders.draftWrites(key, order, { is: "drafted", drafts: numbers.get(order.id) ?? [], pack });
    }),
  ];
}
