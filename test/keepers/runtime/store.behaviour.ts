import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import fc from "fast-check";
import { MAX_KEY_BYTES } from "../../../keepers/runtime/store/keys.ts";
import type { Store, StoreRange, StoreWrite } from "../../../keepers/runtime/store/store.ts";

use(chaiAsPromised);

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : Buffer.from(value).toString();

async function list(store: Store, range: StoreRange = {}): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key, value] of store.scan(range)) keys.push(`${key}=${text(value)}`);
  return keys;
}

/** What every store must do. `open` gives an empty one each time. */
export function behavesAsStore(open: () => Promise<Store>): void {
  let store: Store;

  beforeEach(async () => {
    store = await open();
  });

  it("gives back what was put, and nothing else", async () => {
    await store.put("a", bytes("1"));
    await store.put("empty", new Uint8Array(0));
    expect(text(await store.get("a"))).to.equal("1");
    expect(await store.get("empty")).to.have.length(0);
    expect(await store.get("b")).to.equal(undefined);
    await store.put("a", bytes("2"));
    expect(text(await store.get("a"))).to.equal("2");
    await store.delete("a");
    await store.delete("never there");
    expect(await store.get("a")).to.equal(undefined);
  });

  it("keeps bytes of any value and length", async () => {
    const all = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256);
    await store.put("all", all);
    expect(Buffer.from((await store.get("all")) ?? []).equals(all)).to.equal(true);
  });

  it("is not changed by what the caller does with its bytes afterwards", async () => {
    const mine = Uint8Array.from({ length: 5_000 }, () => 1);
    const writing = Promise.all([
      store.put("put", mine),
      store.batch([{ kind: "put", key: "batch", value: mine }]),
    ]);
    mine.fill(9);
    await writing;
    for (const key of ["put", "batch"])
      expect((await store.get(key))?.every((byte) => byte === 1)).to.equal(true);
  });

  it("writes a batch whole or not at all", async () => {
    await store.put("old", bytes("1"));
    await store.batch([
      { kind: "put", key: "new", value: bytes("2") },
      { kind: "delete", key: "old" },
    ]);
    expect(await list(store)).to.deep.equal(["new=2"]);
    const bad: StoreWrite[] = [
      { kind: "delete", key: "new" },
      { kind: "put", key: "", value: bytes("x") },
    ];
    await expect(store.batch(bad)).to.be.rejectedWith("refused");
    await store.batch([]);
    expect(await list(store)).to.deep.equal(["new=2"]);
  });

  it("lets the last write of a batch to a key win", async () => {
    await store.batch([
      { kind: "put", key: "k", value: bytes("1") },
      { kind: "delete", key: "k" },
      { kind: "put", key: "k", value: bytes("2") },
    ]);
    expect(await list(store)).to.deep.equal(["k=2"]);
  });

  it("claims a free key once, with what belongs to it", async () => {
    const also: StoreWrite[] = [{ kind: "put", key: "also", value: bytes("1") }];
    expect(await store.putIfAbsent("k", bytes("1"), also)).to.equal(true);
    expect(await store.putIfAbsent("k", bytes("2"), [{ kind: "delete", key: "also" }])).to.equal(false);
    expect(await list(store)).to.deep.equal(["also=1", "k=1"]);
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.putIfAbsent("race", bytes(String(i)))),
    );
    expect(many.filter(Boolean)).to.have.length(1);
    expect(text(await store.get("race"))).to.equal(String(many.indexOf(true)));
  });

  it("scans in the byte order of UTF-8, over many pages, both ways", async () => {
    const keys = Array.from({ length: 700 }, (_, i) => `k${i}`);
    const odd = ["é", "z", "\u{1F600}", "\uFFFD", "\u0000", "a\u0000b", "a"];
    await store.batch([...keys, ...odd].map((key) => ({ kind: "put", key, value: bytes("v") })));
    const sorted = [...keys, ...odd]
      .sort((a, b) => Buffer.from(a).compare(Buffer.from(b)))
      .map((key) => `${key}=v`);
    expect(await list(store)).to.deep.equal(sorted);
    expect(await list(store, { reverse: true })).to.deep.equal(sorted.toReversed());
    expect(await list(store, { limit: 300 })).to.deep.equal(sorted.slice(0, 300));
    expect(await list(store, { limit: 0 })).to.deep.equal([]);
  });

  it("goes on while what it scans is deleted", async () => {
    await store.batch(
      Array.from({ length: 300 }, (_, i) => ({ kind: "put", key: `k${i}`, value: bytes("v") })),
    );
    let seen = 0;
    for await (const [key] of store.scan({})) {
      await store.delete(key);
      seen++;
    }
    expect(seen).to.equal(300);
    expect(await list(store)).to.deep.equal([]);
  });

  it("keeps views apart", async () => {
    const [a, ab] = [store.under("a/"), store.under("a/").under("b/")];
    await a.put("k", bytes("1"));
    await ab.put("k", bytes("2"));
    await store.put("b", bytes("3"));
    expect(await list(store)).to.deep.equal(["a/b/k=2", "a/k=1", "b=3"]);
    expect(await list(a, { from: "c" })).to.deep.equal(["k=1"]);
    expect(await list(ab)).to.deep.equal(["k=2"]);
    expect(await a.putIfAbsent("k", bytes("4"))).to.equal(false);
    await ab.close();
    expect(text(await ab.get("k"))).to.equal("2");
  });

  it("refuses keys that an engine could not keep, and keeps the longest that it allows", async () => {
    const longest = "é".repeat(MAX_KEY_BYTES / 2);
    await store.put(longest, bytes("1"));
    expect(await list(store)).to.deep.equal([`${longest}=1`]);
    for (const key of ["", `${longest}x`, "\uD800", "a\uDC00b"]) {
      await expect(store.put(key, bytes("x"))).to.be.rejected.and.eventually.have.property(
        "code",
        "store/key-refused",
      );
      await expect(store.get(key)).to.be.rejectedWith("refused");
      await expect(store.under("p").putIfAbsent(key, bytes("x"))).to.be.rejectedWith("refused");
    }
    expect(await list(store)).to.have.length(1);
  });

  it("says that it is closed", async () => {
    await store.close();
    await expect(store.get("a")).to.be.rejected.and.eventually.have.property("code", "store/closed");
    await expect(store.put("a", bytes("1"))).to.be.rejectedWith("closed");
  });

  it("does what a sorted map would do", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
        const view = store.under(`${models++}/`);
        const model = new Map<string, string>();
        for (const run of commands) await run(view, model);
        expect(await list(view)).to.deep.equal(sortedModel(model));
      }),
      { numRuns: 60 },
    );
  });
}

let models = 0;

const key = fc.constantFrom("a", "ab", "abc", "b", "b/", "b/1", "é", "\u{1F600}", "\uFFFF");
const value = fc.constantFrom("", "1", "22");
const write = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), key, value }),
  fc.record({ kind: fc.constant("delete" as const), key }),
);
type Command = (store: Store, model: Map<string, string>) => Promise<void>;

function toWrite(
  one: { kind: "put"; key: string; value: string } | { kind: "delete"; key: string },
): StoreWrite {
  return one.kind === "put" ? { ...one, value: bytes(one.value) } : one;
}

function applyTo(model: Map<string, string>, one: StoreWrite): void {
  if (one.kind === "put") model.set(one.key, text(one.value) ?? "");
  else model.delete(one.key);
}

function sortedModel(model: Map<string, string>, range: StoreRange = {}): string[] {
  const from = range.from === undefined ? undefined : Buffer.from(range.from);
  const found = [...model]
    .map(([name, held]) => ({ bytes: Buffer.from(name), name, held }))
    .filter(({ name }) => name.startsWith(range.prefix ?? ""))
    .sort((a, b) => a.bytes.compare(b.bytes) * (range.reverse ? -1 : 1))
    .filter(
      ({ bytes: at }) =>
        from === undefined || (range.reverse ? at.compare(from) <= 0 : at.compare(from) >= 0),
    );
  return found.slice(0, range.limit).map(({ name, held }) => `${name}=${held}`);
}

const command: fc.Arbitrary<Command> = fc.oneof(
  write.map(
    (one): Command =>
      async (store, model) => {
        await (one.kind === "put" ? store.put(one.key, bytes(one.value)) : store.delete(one.key));
        applyTo(model, toWrite(one));
      },
  ),
  fc.array(write, { maxLength: 5 }).map(
    (many): Command =>
      async (store, model) => {
        await store.batch(many.map(toWrite));
        for (const one of many) applyTo(model, toWrite(one));
      },
  ),
  fc.tuple(key, value, fc.array(write, { maxLength: 3 })).map(
    ([name, held, many]): Command =>
      async (store, model) => {
        const isFree = !model.has(name);
        expect(await store.putIfAbsent(name, bytes(held), many.map(toWrite))).to.equal(isFree);
        if (!isFree) return;
        model.set(name, held);
        for (const one of many) applyTo(model, toWrite(one));
      },
  ),
  fc.record({ prefix: fc.option(key, { nil: "" }), from: key, limit: fc.nat(4), reverse: fc.boolean() }).map(
    (range): Command =>
      async (store, model) => {
        expect(await list(store, range)).to.deep.equal(sortedModel(model, range));
      },
  ),
);
