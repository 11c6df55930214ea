import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import type { Announcement } from "../../../../keepers/kv/chain/streamEvents.ts";
import type { Control } from "../../../../keepers/kv/format/controls.ts";
import { encodeStreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import { AnnouncementBook } from "../../../../keepers/kv/node/announcementBook.ts";
import { takeBack } from "../../../../keepers/kv/node/following.ts";
import { OpenStreams } from "../../../../keepers/kv/node/openStreams.ts";
import { replayStream } from "../../../../keepers/kv/node/replay.ts";
import { FatalError } from "../../../../keepers/runtime/errors.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { openRedisEngine } from "../../../../keepers/runtime/store/redisEngine.ts";
import { useRedis } from "../../runtime/redisServer.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";
import { anyControl } from "../controls.ts";
import { Model, rootOfEntries } from "../state/model.ts";

const BATCHES = 100_000;
const STREAMS = 8;
const CODES = [
  "taken",
  ...["kv/no-rights", "kv/replayed", "kv/may-not-write", "kv/may-not-control", "kv/conflict"],
];
const SEED = 20_261_130;
const accounts = ["aa", "bb", "cc", "dd"].map((byte) => Buffer.from(byte.repeat(20), "hex"));
const owner = accounts[0]!;
const keys = Array.from({ length: 24 }, (_, i) => Buffer.from(`key ${i}`));
const key = fc.constantFrom(...keys);
/** What a batch does; what it has read and when it is sent is up to the test. */
const content = fc
  .record({
    reads: fc.uniqueArray(key, { selector: String, maxLength: 2 }),
    writes: fc.uniqueArray(
      fc.record({
        key,
        value: fc.option(fc.uint8Array({ maxLength: 9 }).map(Buffer.from), { nil: undefined }),
      }),
      { selector: (one) => String(one.key), maxLength: 4 },
    ),
    controls: fc.oneof(
      { weight: 9, arbitrary: fc.constant<Control[]>([]) },
      { weight: 1, arbitrary: fc.array(anyControl(key, fc.constantFrom(...accounts)), { maxLength: 2 }) },
    ),
  })
  .filter(({ writes, controls }) => writes.length + controls.length > 0)
  // Or soon nobody would be left who may write, or everybody.
  .filter(({ controls }) => controls.every(({ kind }) => !kind.endsWith("Admin")));

/** A chain of announcements, the bytes that storage would have, and the model of what comes of them. */
interface Story {
  readonly stream: Buffer;
  readonly announced: readonly Announcement[];
  readonly model: Model;
}

describe("kv: three nodes over 100,000 random batches", function () {
  this.timeout(600_000);
  const redis = useRedis();
  const engines: Engine[] = [];
  after(() => Promise.all(engines.map((engine) => engine.close())));

  it("come to one root for each stream, and it is the model's (property)", async () => {
    const objects = new Map<string, Buffer>();
    const tally = new Map<string, number>();
    const random = randomFrom(SEED);
    const contents = fc.sample(content, { numRuns: 2_000, seed: SEED });
    const stories = Array.from({ length: STREAMS }, (_, i) => tell(i, contents, random, objects, tally));
    for (const code of CODES) expect(tally.get(code), code).to.be.greaterThan(BATCHES / 1_000);
    for (const open of [
      () => openLmdbEngine(temporaryDirectory()),
      () => openLmdbEngine(temporaryDirectory()),
      () => openRedisEngine(redis(), "many"),
    ]) {
      const engine = open();
      engines.push(engine);
      await replayAll(engine, stories, objects, random);
      const streams = new OpenStreams(engine);
      for (const { stream, model } of stories) {
        const { state } = (await streams.find(stream))!;
        expect(state.head.number).to.equal(model.version);
        expect(state.head.root.equals(rootOfEntries(model.leaves()))).to.equal(true);
      }
    }
  });
});

function tell(
  number: number,
  contents: readonly (typeof content extends fc.Arbitrary<infer T> ? T : never)[],
  random: (below: number) => number,
  objects: Map<string, Buffer>,
  tally: Map<string, number>,
): Story {
  const stream = Buffer.concat([owner, Buffer.alloc(11), Buffer.of(number)]);
  const model = new Model(owner.toString("hex"), 1);
  const announced: Announcement[] = [];
  for (let version = 1; version <= BATCHES / STREAMS; version++) {
    const writer = accounts[random(2) === 0 ? 0 : random(accounts.length)]!;
    const nonce = BigInt(random(20) === 0 ? random(version) : version);
    const seen = BigInt(random(3) === 0 ? Math.max(0, version - 1 - random(4)) : version - 1);
    const batch = { ...contents[random(contents.length)]!, seen };
    const bytes = encodeStreamBatch(batch);
    const objectRoot = createHash("sha256").update(bytes).digest();
    objects.set(objectRoot.toString("hex"), bytes);
    announced.push({ stream, version, writer, nonce, objectRoot, block: version });
    const code = model.apply({ writer: writer.toString("hex"), nonce, batch }) ?? "taken";
    tally.set(code, (tally.get(code) ?? 0) + 1);
  }
  return { stream, announced, model };
}

/** Announcements come in pieces, now and then on a fork that is taken back; some bytes are late, and each piece meets a fresh node. */
async function replayAll(
  engine: Engine,
  stories: readonly Story[],
  objects: ReadonlyMap<string, Buffer>,
  random: (below: number) => number,
): Promise<void> {
  const { signal } = new AbortController();
  const late = new Set<string>();
  const storage = {
    async get(objectRoot: Uint8Array) {
      const name = Buffer.from(objectRoot).toString("hex");
      if (late.has(name)) throw new FatalError("storage/not-found", "not stored yet");
      const bytes = objects.get(name)!;
      return { size: bytes.length, bytes: async () => bytes } as never;
    },
  };
  const limits = { atOnce: 4, enoughBytes: 1024 ** 2 };
  for (let from = 0; from < BATCHES / STREAMS; ) {
    const to = Math.min(BATCHES / STREAMS, from + 200 + random(1_000));
    const book = new AnnouncementBook(engine);
    const streams = new OpenStreams(engine);
    const needs = {
      ...{ book, streams, storage, limits },
      atOnce: 50 + random(300),
      windowBlocks: 64,
      onJudged: () => undefined,
    };
    for (const { stream, announced } of stories) {
      const piece = announced.slice(from, to);
      await onFork(needs, stream, from, piece.slice(0, random(6)), signal);
      await book.add({ announcements: piece, forgeries: [] });
      const name = piece[random(piece.length)]!.objectRoot.toString("hex");
      late.add(name);
      await replayStream(needs, stream, signal);
      late.delete(name);
      expect(await replayStream(needs, stream, signal)).to.equal(undefined);
    }
    from = to;
  }
}

/** Batches that a reorg takes away again: those that come, in another order. */
async function onFork(
  needs: Parameters<typeof replayStream>[0],
  stream: Buffer,
  from: number,
  piece: readonly Announcement[],
  signal: AbortSignal,
): Promise<void> {
  if (piece.length === 0) return;
  const announcements = piece.toReversed().map((one, i) => ({ ...one, version: from + i + 1 }));
  await needs.book.add({ announcements, forgeries: [] });
  await replayStream(needs, stream, signal);
  await takeBack(needs, stream, { announcements, forgeries: [] });
}

/** Numbers from a seed, each below a limit (xorshift32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
