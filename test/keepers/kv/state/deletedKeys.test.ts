import { expect } from "chai";
import { SEEN_ALL } from "../../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch, type Write } from "../../../../keepers/kv/format/streamBatch.ts";
import { StreamReader } from "../../../../keepers/kv/state/streamReader.ts";
import { StreamState } from "../../../../keepers/kv/state/streamState.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";

/** More than one page looks at. */
const DELETED = 5_000;
const writer = Buffer.alloc(20, 0xaa);
const keyOf = (i: number) => Buffer.from(`key ${String(i).padStart(6, "0")}`);

describe("kv: pages over deleted keys", () => {
  it("end after so many looks, say where to go on, and find what is behind them, both ways", async () => {
    const engine = openLmdbEngine(temporaryDirectory());
    const stream = await StreamState.open(engine, Buffer.concat([writer, Buffer.alloc(12)]));
    const all = Array.from({ length: DELETED + 2 }, (_, i) => keyOf(i));
    const put: Write[] = all.map((key) => ({ key, value: Buffer.of(1) }));
    const gone: Write[] = all.slice(1, -1).map((key) => ({ key, value: undefined }));
    for (const [nonce, writes] of [put, gone].entries()) {
      const bytes = encodeStreamBatch({ seen: SEEN_ALL, reads: [], controls: [], writes });
      const prepared = await stream.prepare([{ writer, nonce: BigInt(nonce), bytes }]);
      await engine.commit(prepared.writes);
      stream.adopt(prepared.head);
    }
    const reader = new StreamReader(engine, stream.head.stream);
    for (const reverse of [false, true]) {
      const ends = reverse ? [all.at(-1)!, all[0]!] : [all[0]!, all.at(-1)!];
      const first = await reader.page({ limit: 10, at: 2, reverse });
      expect(first.items.map(({ key }) => key.toString())).to.deep.equal([ends[0]!.toString()]);
      expect(first.next).to.not.equal(undefined);
      const second = await reader.page({ limit: 10, at: 2, reverse, from: first.next! });
      expect(second.items.map(({ key }) => key.toString())).to.deep.equal([ends[1]!.toString()]);
      expect(second.next).to.equal(undefined);
    }
    expect(
      (await reader.page({ limit: 3, at: 1, from: keyOf(7) })).items.map(({ key }) => key),
    ).to.deep.equal([7, 8, 9].map(keyOf));
    await engine.close();
  });
});
