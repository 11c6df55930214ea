import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { entriesOf } from "../../runtime/store/walk.ts";
import type { Announcement, Forgery, StreamEvents } from "../chain/streamEvents.ts";
import { ADDRESS_BYTES, STREAM_ID_BYTES } from "../format/limits.ts";

/*
 * What the chain has announced, beside the states of the streams (stateKeys.ts):
 * "a" id version(8)            writer, nonce(8), object root, block(8)
 * "f" id block(8) index(4)     writer, nonce(8), object root, block(8), relay
 * "p" id                       the stream may have batches that are not judged yet
 */
const ANNOUNCED = Buffer.from("a");
const FORGED = Buffer.from("f");
const PENDING = Buffer.from("p");
const NOTHING = Buffer.alloc(0);
const ROOT_AT = ADDRESS_BYTES + 8;
const BLOCK_AT = ROOT_AT + 32;
const RELAY_AT = BLOCK_AT + 8;

/** Announcements of all streams that a node follows, as the chain has them now. */
export class AnnouncementBook {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** To be called while nothing else changes the streams that the events are of. */
  async add({ announcements, forgeries }: StreamEvents): Promise<void> {
    const writes: EngineWrite[] = [];
    for (const one of announcements)
      writes.push(
        { key: announcedKey(one.stream, one.version), value: encode(one) },
        { key: Buffer.concat([PENDING, one.stream]), value: NOTHING },
      );
    for (const one of forgeries)
      writes.push({ key: forgedKey(one), value: Buffer.concat([encode(one), one.relay]) });
    await this.#engine.commit(writes);
  }

  /** Forgets what a reorg took away. */
  async remove({ announcements, forgeries }: StreamEvents): Promise<void> {
    const keys = [
      ...announcements.map(({ stream, version }) => announcedKey(stream, version)),
      ...forgeries.map(forgedKey),
    ];
    await this.#engine.commit(keys.map((key) => ({ key, value: undefined })));
  }

  /** The batches of a stream behind a version, in order. */
  async after(stream: Buffer, version: number, limit: number): Promise<Announcement[]> {
    const [low, high] = [announcedKey(stream, version + 1), announcedKey(stream, Number.MAX_SAFE_INTEGER)];
    const found = await this.#engine.page({ low, high, limit });
    return found.map(([key, value]) => announcementIn(stream, key, value));
  }

  /** How many batches of a stream were announced. */
  async count(stream: Buffer): Promise<number> {
    const [low, high] = [announcedKey(stream, 0), announcedKey(stream, Number.MAX_SAFE_INTEGER)];
    const [last] = await this.#engine.page({ low, high, reverse: true, limit: 1 });
    return last === undefined ? 0 : announcementIn(stream, ...last).version;
  }

  /** What was brought for a stream with wrong signatures, newest first. */
  async forgeries(stream: Buffer, limit: number): Promise<Forgery[]> {
    const low = Buffer.concat([FORGED, stream]);
    const high = Buffer.concat([low, Buffer.alloc(12, 0xff)]);
    const found = await this.#engine.page({ low, high, reverse: true, limit });
    return found.map(([key, value]) => ({
      ...{ stream, ...parse(value), relay: value.subarray(RELAY_AT) },
      index: key.readUInt32BE(low.length + 8),
    }));
  }

  /** Streams that may have batches to be judged. */
  async *pending(): AsyncGenerator<Buffer> {
    const high = Buffer.concat([PENDING, Buffer.alloc(STREAM_ID_BYTES + 1, 0xff)]);
    for await (const [key] of entriesOf(this.#engine, { low: PENDING, high }))
      yield key.subarray(PENDING.length);
  }

  /** To be called when no batch of a stream is left to be judged, while nothing adds to it. */
  async settle(stream: Buffer): Promise<void> {
    await this.#engine.commit([{ key: Buffer.concat([PENDING, stream]), value: undefined }]);
  }
}

function announcedKey(stream: Buffer, version: number): Buffer {
  return Buffer.concat([ANNOUNCED, stream, u64(BigInt(version))]);
}

function forgedKey({ stream, block, index }: Forgery): Buffer {
  const place = Buffer.allocUnsafe(4);
  place.writeUInt32BE(index);
  return Buffer.concat([FORGED, stream, u64(BigInt(block)), place]);
}

function u64(number: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(number);
  return bytes;
}

function encode({ writer, nonce, objectRoot, block }: Omit<Announcement, "version">): Buffer {
  return Buffer.concat([writer, u64(nonce), objectRoot, u64(BigInt(block))]);
}

function announcementIn(stream: Buffer, key: Buffer, value: Buffer): Announcement {
  return { stream, version: Number(key.readBigUInt64BE(key.length - 8)), ...parse(value) };
}

function parse(value: Buffer): Omit<Announcement, "stream" | "version"> {
  return {
    writer: value.subarray(0, ADDRESS_BYTES),
    nonce: value.readBigUInt64BE(ADDRESS_BYTES),
    objectRoot: value.subarray(ROOT_AT, BLOCK_AT),
    block: Number(value.readBigUInt64BE(BLOCK_AT)),
  };
}
