import { hexlify } from "ethers";
import { MyceliaError } from "../../runtime/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import { layOut } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import type { DraftBook, DraftRecord } from "./draftBook.ts";
import type { PublisherMetrics } from "./metrics.ts";
import type { Order, OrderBook } from "./orderBook.ts";
import { type PublishNeeds, publishDraft } from "./publish.ts";

export interface DraftWorkNeeds {
  readonly publishing: PublishNeeds;
  readonly orders: OrderBook;
  readonly drafts: DraftBook;
  readonly metrics: PublisherMetrics;
  /** Blocks on top of a batch's block until its orders' bytes may go. */
  readonly confirmations: number;
}

/** Members' words that a batch is not what they hold; any other refusal may pass by itself. */
const CONTENT_FAULTS: readonly string[] = [
  "storage/not-held",
  "storage/wrong-shape",
  "storage/wrong-committee",
  "storage/bad-batch",
];
/** Refusals after which a single order of segments has failed. */
const MAX_REFUSALS = 5;

/** Brings drafts to the log, each once, and sees to it that they stay there. */
export class DraftWork {
  readonly #needs: DraftWorkNeeds;
  readonly #lock = new KeyedLock();

  constructor(needs: DraftWorkNeeds) {
    this.#needs = needs;
  }

  /** One look at an open draft. @throws as `publishDraft`; the next look goes on */
  async attend(draft: DraftRecord, signal: AbortSignal): Promise<void> {
    const { published } = draft;
    if (published !== undefined && !(await this.#isDeep(published.block))) return;
    // One after the other: each sets the allowance that its own fee needs.
    await this.#lock.run("allowance", async () => {
      signal.throwIfAborted();
      try {
        await this.#publish(draft, signal);
      } catch (error) {
        if (!isContentFault(error)) throw error;
        await this.#sortOut(draft);
      }
    });
  }

  async #publish(draft: DraftRecord, signal: AbortSignal): Promise<void> {
    const { publishing, orders, drafts, metrics } = this.#needs;
    const layout = layOut(draft.segments);
    const { committee, months } = draft;
    const one = { committee, months, layout, root: hexlify(layout.root) };
    const batch = await publishDraft(publishing, one, signal);
    const { id, block, transaction, expiry, state, slotsCovered } = batch;
    const record = { ...draft, published: { id, block, transaction, expiry, state, slotsCovered } };
    if (!batch.known) metrics.published(draft.segments.length, batch.fee);
    if (!(await this.#isDeep(block))) return await drafts.note(record);
    const forgotten = draft.orders.map((order) => orders.forgetBytesWrite(order));
    await orders.commit([...drafts.settleWrites(record), ...forgotten], [], 1);
  }

  async #isDeep(block: number): Promise<boolean> {
    const { publishing, confirmations } = this.#needs;
    return (await publishing.provider.getBlockNumber()) >= block + confirmations;
  }

  /**
   * Nothing was paid. Packs are stored again; of writers' segments the halves go on apart, until the one order that names
   * what members don't hold stands alone and fails.
   */
  async #sortOut(draft: DraftRecord): Promise<void> {
    const { orders, drafts, metrics } = this.#needs;
    const inside = await this.#ordersOf(draft);
    if (draft.kind === "packs") {
      const writes = inside.flatMap((order) => orders.requeueWrites(order));
      return await orders.commit([drafts.dropWrite(draft), ...writes], inside, 1);
    }
    if (inside.length > 1) return await this.#split(draft, inside);
    const refusals = draft.refusals + 1;
    if (refusals < MAX_REFUSALS) return await drafts.note({ ...draft, refusals });
    const reason = "members with too few slots hold the segments; store them, and order again";
    const writes = inside.map((order) => orders.stateWrite(order, { is: "failed", reason }));
    await orders.commit([drafts.dropWrite(draft), ...writes], [], 1);
    metrics.failed();
  }

  async #split(draft: DraftRecord, inside: readonly Order[]): Promise<void> {
    const { orders, drafts } = this.#needs;
    const middle = Math.ceil(inside.length / 2);
    const halves = [inside.slice(0, middle), inside.slice(middle)].map((half) => ({
      ...draft,
      number: drafts.takeNumber(),
      orders: half.map(({ id }) => id),
      segments: segmentsOf(draft, half),
    }));
    const writes = inside.map((order) => {
      const own = halves.filter((half) => half.orders.includes(order.id)).map(({ number }) => number);
      const others = order.state.is === "drafted" ? order.state.drafts : [];
      const kept = others.filter((number) => number !== draft.number);
      return orders.stateWrite(order, { is: "drafted", drafts: [...kept, ...own] });
    });
    const opened = halves.map((half) => drafts.openWrite(half));
    await orders.commit([drafts.dropWrite(draft), ...opened, ...writes], [], 1);
  }

  async #ordersOf(draft: DraftRecord): Promise<Order[]> {
    const found = await Promise.all(draft.orders.map((id) => this.#needs.orders.find(id)));
    return found.filter((order) => order !== undefined);
  }
}

function segmentsOf(draft: DraftRecord, orders: readonly Order[]): DraftRecord["segments"] {
  const names = new Set(
    orders.flatMap(({ content }) =>
      content.kind === "segments" ? content.segments.map(({ commitment }) => nameOf(commitment)) : [],
    ),
  );
  return draft.segments.filter(({ commitment }) => names.has(nameOf(commitment)));
}

function isContentFault(error: unknown): boolean {
  if (!(error instanceof MyceliaError) || error.code !== "storage/not-final") return false;
  const failures = (error.details as { failures?: readonly { code: string }[] }).failures ?? [];
  return failures.some(({ code }) => CONTENT_FAULTS.includes(code));
}
