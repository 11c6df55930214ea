import { expect } from "chai";
import { SEEN_ALL } from "../../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import { MOST_CHECKPOINTS } from "../../../../keepers/kv/state/checkpoints.ts";
import { checkpointKey } from "../../../../keepers/kv/state/stateKeys.ts";
import { StreamState } from "../../../../keepers/kv/state/streamState.ts";
import { entryProven } from "../../../../keepers/kv/state/valueProof.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";

const ROUNDS = MOST_CHECKPOINTS + 10;
const writer = Buffer.alloc(20, 0xaa);
const id = Buffer.concat([writer, Buffer.alloc(12)]);
const nameOf = (i: number) => Buffer.from(`key ${i}`);

describe("kv: checkpoints of a stream", () => {
  let engine: Engine;
  before(() => {
    engine = openLmdbEngine(temporaryDirectory());
  });
  after(() => engine.close());

  /** A batch behind a checkpoint: it writes a key of its own, and one that all write. */
  async function goOn(stream: StreamState, round: number): Promise<void> {
    const writes = [round, 0].map((i) => ({ key: nameOf(i), value: Buffer.from(`${round}`) }));
    const bytes = encodeStreamBatch({ seen: SEEN_ALL, reads: [], controls: [], writes });
    const prepared = await stream.prepare([{ writer, nonce: BigInt(round), bytes }], undefined, true);
    await engine.commit(prepared.writes);
    stream.adopt(prepared.head);
  }

  it("are the newest ones, and nothing is left of those that were let go", async () => {
    const stream = await StreamState.open(engine, id);
    for (let round = 1; round <= ROUNDS; round++) await goOn(stream, round);
    const { checkpoints } = stream.head;
    expect(checkpoints.map(({ number }) => number)).to.deep.equal(
      Array.from({ length: MOST_CHECKPOINTS }, (_, i) => ROUNDS - MOST_CHECKPOINTS + i),
    );
    for (const { number, root } of checkpoints) {
      expect(entryProven(root, nameOf(0), await stream.prove(nameOf(0), number))?.value.toString()).to.equal(
        `${number}`,
      );
      const later = nameOf(number + 1);
      expect(entryProven(root, later, await stream.prove(later, number))).to.equal(undefined);
    }
    const [low, high] = [checkpointKey(0, 0), checkpointKey(0, checkpoints[0]!.number)];
    expect(await engine.page({ low, high, limit: 1 })).to.deep.equal([]);
    expect(await engine.page({ low: high, high: checkpointKey(0, ROUNDS), limit: 1 })).to.have.length(1);
  });

  it("are gone with the batches that a reorg takes away, and come again with others", async () => {
    const stream = await StreamState.open(engine, id);
    const { head, writes } = await stream.rewind(ROUNDS - 3);
    await engine.commit(writes);
    stream.adopt(head);
    expect(head.checkpoints.at(-1)!.number).to.equal(ROUNDS - 3);
    const { root } = head;
    const [low, high] = [checkpointKey(0, ROUNDS - 2), checkpointKey(0, ROUNDS)];
    expect(await engine.page({ low, high, limit: 1 })).to.deep.equal([]);
    await goOn(stream, ROUNDS + 1);
    const proof = await stream.prove(nameOf(0), ROUNDS - 3);
    expect(entryProven(root, nameOf(0), proof)?.value.toString()).to.equal(`${ROUNDS - 3}`);
  });
});
