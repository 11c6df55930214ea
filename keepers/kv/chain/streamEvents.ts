import { getBytes } from "ethers";
import { IStreams__factory } from "../../../typechain-types/factories/kv/interfaces/IStreams__factory.js";
import type { FollowedBlock } from "../../runtime/chain/follower.ts";

/** A batch as the chain has announced it. */
export interface Announcement {
  /** Id of the stream, 32 bytes. */
  readonly stream: Buffer;
  /** Number of the batch in its stream, from 1. */
  readonly version: number;
  /** Address, 20 bytes. */
  readonly writer: Buffer;
  readonly nonce: bigint;
  /** Name of the object that holds the batch, 32 bytes. */
  readonly objectRoot: Buffer;
  readonly block: number;
}

/** What somebody brought in another's name, with a signature that is not that one's. */
export interface Forgery extends Omit<Announcement, "version"> {
  /** Place of the event in its block. */
  readonly index: number;
  /** Who brought it: an address, 20 bytes. */
  readonly relay: Buffer;
}

export interface StreamEvents {
  readonly announcements: readonly Announcement[];
  readonly forgeries: readonly Forgery[];
}

const streams = IStreams__factory.createInterface();

/** What a block says of streams, in its order. @param wanted tells whether a stream, by its id, is followed */
export function eventsOf(block: FollowedBlock, wanted: (stream: Buffer) => boolean): StreamEvents {
  const announcements: Announcement[] = [];
  const forgeries: Forgery[] = [];
  for (const log of block.logs) {
    const event = streams.parseLog(log);
    if (event?.name !== "BatchAnnounced" && event?.name !== "BatchRefused") continue;
    const { stream, writer, nonce, objectRoot } = event.args;
    const common = {
      ...{ stream: bytesOf(stream), writer: bytesOf(writer) },
      ...{ nonce: BigInt(nonce), objectRoot: bytesOf(objectRoot), block: block.number },
    };
    if (!wanted(common.stream)) continue;
    if (event.name === "BatchAnnounced")
      announcements.push({ ...common, version: Number(event.args.version) });
    else forgeries.push({ ...common, index: log.index, relay: bytesOf(event.args.relay) });
  }
  return { announcements, forgeries };
}

function bytesOf(hex: unknown): Buffer {
  return Buffer.from(getBytes(String(hex)));
}
