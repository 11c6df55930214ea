import type { BlockHandler } from "../../runtime/chain/follower.ts";
import { eventsOf, type StreamEvents } from "../chain/streamEvents.ts";
import type { AnnouncementBook } from "./announcementBook.ts";
import type { OpenStreams } from "./openStreams.ts";

export interface Following {
  readonly book: AnnouncementBook;
  readonly streams: OpenStreams;
  readonly wanted: (stream: Buffer) => boolean;
}

export interface Told {
  added(events: StreamEvents): void;
  rewound(batches: number): void;
}

/** Writes down what blocks announce; what a reorg takes away is taken back from the states first. */
export function followStreams(
  { book, streams, wanted }: Following,
  told: Told,
): Pick<BlockHandler, "apply" | "undo"> {
  return {
    async apply(block) {
      const events = eventsOf(block, wanted);
      for (const part of byStream(events)) await streams.change(part.stream, () => book.add(part.events));
      told.added(events);
    },
    async undo(block) {
      for (const part of byStream(eventsOf(block, wanted)))
        told.rewound(await takeBack({ book, streams }, part.stream, part.events));
    },
  };
}

/** Forgets what a reorg took away of a stream, and what had come of it. @returns batches that were judged already */
export async function takeBack(
  { book, streams }: Pick<Following, "book" | "streams">,
  stream: Buffer,
  events: StreamEvents,
): Promise<number> {
  return await streams.change(stream, async (state) => {
    const first = Math.min(...events.announcements.map(({ version }) => version));
    const batches = Math.max(0, state.head.number - first + 1);
    if (batches > 0) await streams.commit(state, await state.rewind(first - 1));
    await book.remove(events);
    return batches;
  });
}

function byStream(events: StreamEvents): { readonly stream: Buffer; readonly events: StreamEvents }[] {
  const all = [...events.announcements, ...events.forgeries].map(({ stream }) => stream);
  const streams = new Map(all.map((stream) => [stream.toString("hex"), stream]));
  return [...streams.values()].map((stream) => ({
    stream,
    events: {
      announcements: events.announcements.filter((one) => one.stream.equals(stream)),
      forgeries: events.forgeries.filter((one) => one.stream.equals(stream)),
    },
  }));
}
