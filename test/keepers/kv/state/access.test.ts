import { expect } from "chai";
import type { Control } from "../../../../keepers/kv/format/controls.ts";
import { SEEN_ALL } from "../../../../keepers/kv/format/limits.ts";
import { encodeStreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import { StreamReader } from "../../../../keepers/kv/state/streamReader.ts";
import { StreamState } from "../../../../keepers/kv/state/streamState.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";

const accountOf = (byte: number) => Buffer.alloc(20, byte);
const [owner, ann, bob] = [accountOf(0xaa), accountOf(0xbb), accountOf(0xcc)];
const [k, other] = [Buffer.from("k"), Buffer.from("other")];

const grantAdmin: Control = { kind: "grantAdmin", account: ann };
const grantWriter: Control = { kind: "grantWriter", account: ann };
const revokeWriter: Control = { kind: "revokeWriter", account: ann };
const makeSpecial: Control = { kind: "makeSpecial", key: k };
const makeNormal: Control = { kind: "makeNormal", key: k };
const grantKeyWriter: Control = { kind: "grantKeyWriter", key: k, account: ann };
const revokeKeyWriter: Control = { kind: "revokeKeyWriter", key: k, account: ann };
const grantOtherKeyWriter: Control = { kind: "grantKeyWriter", key: other, account: ann };

/** What is done, one batch each: the owner's controls, or somebody's. */
type Step = Control | { readonly by: Buffer; readonly control: Control };

interface Case {
  readonly what: string;
  readonly after: readonly Step[];
  readonly by?: Buffer;
  /** A write of k when there is none. */
  readonly control?: Control;
  readonly refusal?: "kv/no-rights" | "kv/may-not-write" | "kv/may-not-control";
}

const write = { refusal: "kv/may-not-write" } as const;
const nothing = { refusal: "kv/no-rights" } as const;
const rule = { refusal: "kv/may-not-control" } as const;
const renounces = (kind: "renounceAdmin" | "renounceWriter", by = ann): Step => ({ by, control: { kind } });

const cases: readonly Case[] = [
  { what: "the owner writes a new stream", after: [], by: owner },
  { what: "a stranger does not", after: [], ...nothing },
  { what: "an admin writes", after: [grantAdmin] },
  {
    what: "an admin that has renounced does not",
    after: [grantAdmin, renounces("renounceAdmin")],
    ...nothing,
  },
  {
    what: "an owner that has renounced does not",
    after: [renounces("renounceAdmin", owner)],
    by: owner,
    ...nothing,
  },
  {
    what: "an owner is admin again when another makes it one",
    by: owner,
    after: [
      grantAdmin,
      renounces("renounceAdmin", owner),
      { by: ann, control: { kind: "grantAdmin", account: owner } },
    ],
  },
  { what: "a writer writes", after: [grantWriter] },
  { what: "a writer that was revoked does not", after: [grantWriter, revokeWriter], ...nothing },
  {
    what: "a writer that has renounced does not",
    after: [grantWriter, renounces("renounceWriter")],
    ...nothing,
  },
  { what: "a writer does not write a special key", after: [grantWriter, makeSpecial], ...write },
  { what: "a writer writes a key that is normal again", after: [grantWriter, makeSpecial, makeNormal] },
  { what: "an admin writes a special key", after: [grantAdmin, makeSpecial] },
  { what: "a special key's writer writes it", after: [makeSpecial, grantKeyWriter] },
  { what: "another key's writer does not", after: [makeSpecial, grantOtherKeyWriter], ...write },
  {
    what: "a key's writer that was revoked does not",
    after: [makeSpecial, grantKeyWriter, revokeKeyWriter],
    ...nothing,
  },
  {
    what: "a key's writer that has renounced does not",
    ...nothing,
    after: [makeSpecial, grantKeyWriter, { by: ann, control: { kind: "renounceKeyWriter", key: k } }],
  },
  { what: "a key's writer does not write it while it is normal", after: [grantKeyWriter], ...write },
  { what: "an admin makes admins", after: [grantAdmin], control: { kind: "grantAdmin", account: bob } },
  {
    what: "a writer makes none",
    after: [grantWriter],
    control: { kind: "grantAdmin", account: bob },
    ...rule,
  },
  { what: "a stranger makes none", after: [], control: { kind: "grantAdmin", account: ann }, ...nothing },
  { what: "an admin makes keys special", after: [grantAdmin], control: makeSpecial },
  { what: "a writer makes none special", after: [grantWriter], control: makeSpecial, ...rule },
  { what: "an admin makes keys normal", after: [grantAdmin, makeSpecial], control: makeNormal },
  {
    what: "a key's writer makes it not normal",
    after: [makeSpecial, grantKeyWriter],
    control: makeNormal,
    ...rule,
  },
  { what: "an admin makes writers", after: [grantAdmin], control: { kind: "grantWriter", account: bob } },
  { what: "a writer makes writers", after: [grantWriter], control: { kind: "grantWriter", account: bob } },
  { what: "a stranger makes none", after: [], control: { kind: "grantWriter", account: ann }, ...nothing },
  { what: "an admin revokes writers", after: [grantAdmin], control: { kind: "revokeWriter", account: bob } },
  {
    what: "a writer revokes none",
    after: [grantWriter],
    control: { kind: "revokeWriter", account: bob },
    ...rule,
  },
  {
    what: "an admin makes a key's writers",
    after: [grantAdmin],
    control: { kind: "grantKeyWriter", key: k, account: bob },
  },
  {
    what: "a key's writer makes others",
    after: [grantKeyWriter],
    control: { kind: "grantKeyWriter", key: k, account: bob },
  },
  {
    what: "another key's writer makes none",
    after: [grantOtherKeyWriter],
    control: { kind: "grantKeyWriter", key: k, account: bob },
    ...rule,
  },
  {
    what: "a writer of the stream makes none",
    after: [grantWriter],
    control: { kind: "grantKeyWriter", key: k, account: bob },
    ...rule,
  },
  { what: "an admin revokes a key's writers", after: [grantAdmin], control: revokeKeyWriter },
  {
    what: "a key's writer revokes none",
    after: [grantKeyWriter],
    control: { kind: "revokeKeyWriter", key: k, account: bob },
    ...rule,
  },
  {
    what: "whoever lacks a right may renounce it",
    after: [grantKeyWriter],
    control: { kind: "renounceWriter" },
  },
  {
    what: "a key that nobody has may be renounced",
    after: [grantWriter],
    control: { kind: "renounceKeyWriter", key: k },
  },
  { what: "a stranger renounces nothing", after: [], control: { kind: "renounceWriter" }, ...nothing },
  {
    what: "whoever was given one key twice and lost it once is a stranger",
    after: [grantKeyWriter, grantKeyWriter, revokeKeyWriter],
    ...nothing,
  },
  {
    what: "whoever has one of two keys left is none",
    after: [grantKeyWriter, grantOtherKeyWriter, revokeKeyWriter, revokeKeyWriter],
    ...write,
  },
];

describe("kv: who may do what in a stream", () => {
  let engine: Engine;
  let count = 0;
  before(() => {
    engine = openLmdbEngine(temporaryDirectory());
  });
  after(() => engine.close());

  /** A stream of the owner's in which each call is one committed batch. */
  async function newStream() {
    const id = Buffer.concat([owner, Buffer.alloc(11), Buffer.of(count++)]);
    const stream = await StreamState.open(engine, id);
    let nonce = 0n;
    const send = async (by: Buffer, controls: readonly Control[], keys: readonly Buffer[]) => {
      const writes = keys.map((key) => ({ key, value: Buffer.of(1) }));
      const bytes = encodeStreamBatch({ seen: SEEN_ALL, reads: [], writes, controls });
      const {
        head,
        writes: changes,
        outcomes,
      } = await stream.prepare([{ writer: by, nonce: nonce++, bytes }]);
      await engine.commit(changes);
      stream.adopt(head);
      return outcomes[0]?.refusal?.code;
    };
    return { send, stream, reader: new StreamReader(engine, stream.head.stream) };
  }

  for (const { what, after: steps, by = ann, control, refusal } of cases)
    it(`${what}${control === undefined ? "" : ` (${control.kind})`}`, async () => {
      const { send } = await newStream();
      for (const step of steps) {
        const done = "by" in step ? await send(step.by, [step.control], []) : await send(owner, [step], []);
        expect(done).to.equal(undefined);
      }
      expect(
        await send(by, control === undefined ? [] : [control], control === undefined ? [k] : []),
      ).to.equal(refusal);
    });

  it("counts rights as they were before the batch, not as it makes them", async () => {
    const { send } = await newStream();
    expect(await send(owner, [grantWriter], [])).to.equal(undefined);
    expect(await send(ann, [{ kind: "renounceWriter" }], [k])).to.equal(undefined);
    expect(await send(ann, [], [k])).to.equal("kv/no-rights");
    expect(await send(ann, [{ kind: "grantWriter", account: ann }], [])).to.equal("kv/no-rights");
  });

  it("takes rights back with the batches that gave them", async () => {
    const { send, stream } = await newStream();
    await send(owner, [grantWriter], []);
    await send(owner, [makeSpecial], []);
    expect(await send(ann, [], [k])).to.equal("kv/may-not-write");
    const { head, writes } = await stream.rewind(1);
    await engine.commit(writes);
    stream.adopt(head);
    expect(await send(ann, [], [k])).to.equal(undefined);
    expect(await send(owner, [makeSpecial, makeNormal, makeSpecial], [])).to.equal(undefined);
    expect(await send(ann, [], [k])).to.equal("kv/may-not-write");
    expect(await send(owner, [makeNormal], [])).to.equal(undefined);
    expect(await send(ann, [], [k])).to.equal(undefined);
  });

  it("changes nothing when one part of a batch is forbidden", async () => {
    const { send, stream, reader } = await newStream();
    await send(owner, [grantWriter, makeSpecial], []);
    const { root } = stream.head;
    expect(await send(ann, [], [k, other])).to.equal("kv/may-not-write");
    expect(await send(ann, [revokeWriter], [other])).to.equal("kv/may-not-control");
    expect(await reader.get(other)).to.equal(undefined);
    expect(stream.head.root.equals(root)).to.equal(true);
    expect(stream.head.number).to.equal(3);
  });
});
