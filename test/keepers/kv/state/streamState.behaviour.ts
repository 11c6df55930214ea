import { expect } from "chai";
import fc from "fast-check";
import { SEEN_ALL } from "../../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch, type StreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import { StreamReader } from "../../../../keepers/kv/state/streamReader.ts";
import { StreamState } from "../../../../keepers/kv/state/streamState.ts";
import { entryProven } from "../../../../keepers/kv/state/valueProof.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { codeOf, codeOfRejection } from "../../storage/codes.ts";
import { anyControl } from "../controls.ts";
import { type Asked, Model, rootOfEntries } from "./model.ts";

const accounts = ["aa", "bb", "cc"].map((byte) => Buffer.from(byte.repeat(20), "hex"));
const owner = accounts[0]!;
const account = fc.constantFrom(...accounts);
const key = fc.constantFrom("a", "b", "c", "a\u0000", "ab").map((text) => Buffer.from(text));
/** Short ones, and such as lie apart from their entries. */
const value = fc.option(
  fc
    .tuple(fc.uint8Array({ maxLength: 3 }), fc.constantFrom(0, 0, 509, 510, 600))
    .map(([bytes, more]) => Buffer.concat([bytes, Buffer.alloc(more, 7)])),
  { nil: undefined },
);
const control = anyControl(key, account);
const batch: fc.Arbitrary<StreamBatch> = fc
  .record({
    seen: fc.oneof(fc.bigInt({ min: 0n, max: 12n }), fc.constant(SEEN_ALL)),
    reads: fc.uniqueArray(key, { selector: String, maxLength: 2 }),
    writes: fc.uniqueArray(fc.record({ key, value }), { selector: (one) => String(one.key), maxLength: 3 }),
    controls: fc.array(control, { maxLength: 2 }),
  })
  .filter(({ writes, controls }) => writes.length + controls.length > 0);
const asked: fc.Arbitrary<Asked> = fc.record({
  writer: account.map((bytes) => bytes.toString("hex")),
  nonce: fc.bigInt({ min: 0n, max: 20n }),
  batch,
});
/** Some batches in one commit, perhaps behind a checkpoint, or a step back by so many. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      some: fc.array(asked, { minLength: 1, maxLength: 5 }),
      isCheckpoint: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.nat(6) },
);

/** The state of a stream on an engine, against the model; `open` gives an empty engine. */
export function behavesAsStream(open: () => Promise<Engine>, numRuns: number): void {
  it("is what the model says, at every version, forward and back (property)", async () => {
    const engine = await open();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        const id = Buffer.concat([owner, Buffer.alloc(8), numberBytes(count++)]);
        const model = new Model(owner.toString("hex"));
        let stream = await StreamState.open(engine, id);
        for (const one of steps) {
          if (typeof one === "number") await goBack(engine, stream, model, one);
          else await goOn(engine, stream, model, one.some, one.isCheckpoint);
          // As after a restart: nothing may depend on what is in memory.
          stream = await StreamState.open(engine, id);
          expect(stream.head.number).to.equal(model.version);
          await compareProofs(stream, model);
        }
        await comparePages(engine, stream, model);
      }),
      { numRuns },
    );
  });
}

async function goOn(
  engine: Engine,
  stream: StreamState,
  model: Model,
  some: readonly Asked[],
  isCheckpoint: boolean,
): Promise<void> {
  const announced = some.map(({ writer, nonce, batch: one }) => ({
    ...{ writer: Buffer.from(writer, "hex"), nonce, bytes: encodeStreamBatch(one) },
  }));
  const { head, writes, outcomes } = await stream.prepare(announced, undefined, isCheckpoint);
  await engine.commit(writes);
  stream.adopt(head);
  expect(outcomes.map(({ refusal }) => refusal?.code)).to.deep.equal(some.map((one) => model.apply(one)));
  const reader = new StreamReader(engine, head.stream);
  for (const outcome of outcomes) expect(await reader.outcome(outcome.number)).to.deep.equal(outcome);
  expect(await reader.outcome(head.number + 1)).to.equal(undefined);
}

async function goBack(engine: Engine, stream: StreamState, model: Model, by: number): Promise<void> {
  const number = Math.max(0, model.version - by);
  const { head, writes } = await stream.rewind(number);
  await engine.commit(writes);
  stream.adopt(head);
  model.rewind(number);
}

async function comparePages(engine: Engine, stream: StreamState, model: Model): Promise<void> {
  const reader = new StreamReader(engine, stream.head.stream);
  for (let at = 0; at <= model.version; at++) {
    const wanted = model.items(at);
    for (const reverse of [false, true])
      expect(await walk(reader, at, reverse)).to.deep.equal(reverse ? wanted.toReversed() : wanted);
    const names = ["a", "ab", "none"].map((name) => Buffer.from(name));
    const together = await reader.getMany(names, at);
    for (const [i, name] of names.entries()) {
      const found = await reader.get(name, at);
      expect(together[i]).to.deep.equal(found);
      const entry = wanted.find((one) => one.key === name.toString("hex"));
      expect(found && { version: found.version, value: found.value?.toString("hex") }).to.deep.equal(
        entry && { version: entry.version, value: entry.value },
      );
    }
  }
}

/** At the newest version, and at every checkpoint that is kept; at no other. */
async function compareProofs(stream: StreamState, model: Model): Promise<void> {
  const { number, root, checkpoints } = stream.head;
  for (const point of [...checkpoints, { number, root }]) {
    expect(point.root.equals(rootOfEntries(model.leaves(point.number)))).to.equal(true);
    await compareProofsAt(stream, model, point);
  }
  const provable = new Set([number, ...checkpoints.map((one) => one.number)]);
  for (let at = 0; at <= number; at++)
    if (!provable.has(at))
      expect(await codeOfRejection(stream.prove(Buffer.from("a"), at))).to.equal("kv/no-proof");
}

async function compareProofsAt(
  stream: StreamState,
  model: Model,
  { number, root }: { readonly number: number; readonly root: Buffer },
): Promise<void> {
  const items = model.items(number);
  for (const name of ["a", "b", "ab", "none"].map((text) => Buffer.from(text))) {
    const item = items.find((one) => one.key === name.toString("hex"));
    const proof = await stream.prove(name, number);
    expect(proof.number).to.equal(number);
    const shown = entryProven(root, name, proof);
    expect(shown && { version: shown.version, value: shown.value.toString("hex") }).to.deep.equal(
      item && { version: item.version, value: item.value },
    );
    const forged = { version: (item?.version ?? 0) + 1, value: Buffer.from(item?.value ?? "", "hex") };
    expect(codeOf(() => entryProven(root, name, { ...proof, entry: forged }))).to.equal("kv/bad-proof");
    if (item !== undefined)
      expect(codeOf(() => entryProven(root, name, { ...proof, entry: undefined }))).to.equal("kv/bad-proof");
  }
}

/** All items, a page of two at a time. */
async function walk(reader: StreamReader, at: number, reverse: boolean) {
  const items = [];
  for (let from: Buffer | undefined; ; ) {
    const page = await reader.page({ limit: 2, at, reverse, ...(from && { from }) });
    for (const { key: name, version, value: bytes } of page.items)
      items.push({ key: name.toString("hex"), version, value: bytes.toString("hex") });
    if (page.next === undefined) return items;
    from = page.next;
  }
}

function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
