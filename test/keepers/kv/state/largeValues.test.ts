import { expect } from "chai";
import { MAX_VALUE_BYTES, SEEN_ALL } from "../../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch, type Write } from "../../../../keepers/kv/format/streamBatch.ts";
import { StreamReader } from "../../../../keepers/kv/state/streamReader.ts";
import { StreamState } from "../../../../keepers/kv/state/streamState.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";

const writer = Buffer.alloc(20, 0xaa);
const id = Buffer.concat([writer, Buffer.alloc(12)]);
const KEYS = 30;
const keys = Array.from({ length: KEYS }, (_, i) => Buffer.from(`key ${String(i).padStart(2, "0")}`));

describe("kv: large values of a stream", () => {
  const inner = openLmdbEngine(temporaryDirectory());
  let bytesRead = 0;
  let bytesWritten = 0;
  const count = (records: readonly (Buffer | undefined)[]) => {
    for (const record of records) bytesRead += record?.length ?? 0;
  };
  /** Counts what goes through it. */
  const engine: Engine = {
    get: async (key) => {
      const record = await inner.get(key);
      count([record]);
      return record;
    },
    getMany: async (some) => {
      const records = await inner.getMany(some);
      count(records);
      return records;
    },
    page: async (range) => {
      const entries = await inner.page(range);
      count(entries.map(([, record]) => record));
      return entries;
    },
    commit: (writes) => {
      for (const { value } of writes) bytesWritten += value?.length ?? 0;
      return inner.commit(writes);
    },
    putIfAbsent: (key, value, also) => inner.putIfAbsent(key, value, also),
    close: () => inner.close(),
  };
  after(() => engine.close());

  let nonce = 0n;
  async function send(
    stream: StreamState,
    writes: readonly Write[],
    reads: readonly Buffer[] = [],
    seen = SEEN_ALL,
  ): Promise<string | undefined> {
    const bytes = encodeStreamBatch({ seen, reads, writes, controls: [] });
    const prepared = await stream.prepare([{ writer, nonce: nonce++, bytes }]);
    await engine.commit(prepared.writes);
    stream.adopt(prepared.head);
    return prepared.outcomes[0]!.refusal?.code;
  }

  it("are neither read nor written again by batches that read, replace or delete their keys, or by a step back", async () => {
    const stream = await StreamState.open(engine, id);
    for (const [i, key] of keys.entries())
      await send(stream, [{ key, value: Buffer.alloc(MAX_VALUE_BYTES, i) }]);
    [bytesRead, bytesWritten] = [0, 0];
    const [first = Buffer.of()] = keys;
    expect(await send(stream, [{ key: first, value: Buffer.of(1) }], keys, 3n)).to.equal("kv/conflict");
    expect(
      await send(
        stream,
        keys.map((key) => ({ key, value: undefined })),
        keys,
      ),
    ).to.equal(undefined);
    expect(
      await send(
        stream,
        keys.map((key) => ({ key, value: Buffer.of(2) })),
      ),
    ).to.equal(undefined);
    const back = await stream.rewind(KEYS);
    await engine.commit(back.writes);
    stream.adopt(back.head);
    expect(bytesRead).to.be.lessThan(MAX_VALUE_BYTES / 4);
    expect(bytesWritten).to.be.lessThan(MAX_VALUE_BYTES / 4);
    const reader = new StreamReader(engine, stream.head.stream);
    for (const [i, key] of keys.entries())
      expect((await reader.get(key))?.value.equals(Buffer.alloc(MAX_VALUE_BYTES, i))).to.equal(true);
  });

  it("are gone from the engine once the batch that wrote them is taken back", async () => {
    const stream = await StreamState.open(engine, id);
    const { head, writes } = await stream.rewind(0);
    await engine.commit(writes);
    stream.adopt(head);
    const left = await inner.page({ low: Buffer.from("v"), high: Buffer.from("w"), limit: 1 });
    expect(left).to.deep.equal([]);
  });
});
