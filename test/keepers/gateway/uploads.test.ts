import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Spool } from "../../../keepers/gateway/multipart/spool.ts";
import { UploadRecords } from "../../../keepers/gateway/multipart/uploadRecords.ts";
import { Uploads } from "../../../keepers/gateway/multipart/uploads.ts";
import { Places } from "../../../keepers/gateway/places.ts";
import { Refusal } from "../../../keepers/gateway/refusal.ts";
import { lastingAnswer } from "../../../keepers/gateway/s3/lastingAnswer.ts";
import { element } from "../../../keepers/gateway/s3/xml/write.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { temporaryDirectory } from "../runtime/temporary.ts";
import { codeOf } from "./codes.ts";

const HEADERS = { headers: {}, metadata: {} };

describe("gateway: uploads on its disk", () => {
  let store: Store;
  let directory: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    store = openLmdbStore(join(directory, "store"));
  });

  afterEach(() => store.close());

  const open = async () => {
    const records = new UploadRecords(store);
    const kept = new Map<string, number>();
    for await (const { file, size } of records.allParts()) kept.set(file, size);
    const spool = await Spool.open(join(directory, "spool"), 1_000_000, kept);
    return { spool, uploads: new Uploads(records, spool) };
  };
  const files = () => readdirSync(join(directory, "spool"));
  const part = (bytes: Uint8Array) => ({
    number: 1,
    size: bytes.length,
    checksum: () => undefined,
    bytes: (async function* () {
      yield bytes;
    })(),
  });

  it("give their space back when nobody has completed them for too long, and no sooner", async () => {
    const { spool, uploads } = await open();
    const old = await uploads.begin("bucket", "old", HEADERS);
    await uploads.putPart(old, part(randomBytes(100)));
    const begun = Date.now();
    expect(await uploads.expire(begun - 60_000)).to.equal(0);
    expect(spool.usedBytes).to.equal(100);
    expect(await uploads.expire(begun + 60_000)).to.equal(1);
    expect([spool.usedBytes, files()]).to.deep.equal([0, []]);
    expect(await codeOf(uploads.require(old))).to.equal("NoSuchUpload");
  });

  it("are found again, and what no record names is not", async () => {
    const { uploads } = await open();
    const place = await uploads.begin("bucket", "key", HEADERS);
    const { file } = await uploads.putPart(place, part(randomBytes(100)));
    mkdirSync(join(directory, "spool"), { recursive: true });
    writeFileSync(join(directory, "spool", "ab".repeat(16)), "of a write that was cut off");
    const again = await open();
    expect([again.spool.usedBytes, files()]).to.deep.equal([100, [file]]);
    expect((await again.uploads.inspect(place)).parts).to.have.length(1);
  });

  it("leave nothing of a part that broke off", async () => {
    const { spool, uploads } = await open();
    const place = await uploads.begin("bucket", "key", HEADERS);
    const breaking = async function* () {
      yield randomBytes(100);
      throw new Refusal("IncompleteBody", "broken off");
    };
    expect(await codeOf(uploads.putPart(place, { ...part(randomBytes(1)), bytes: breaking() }))).to.equal(
      "IncompleteBody",
    );
    expect([spool.usedBytes, files()]).to.deep.equal([0, []]);
  });
});

describe("gateway: an answer that lasts", () => {
  const { signal } = new AbortController();
  const patience = { quietMs: 5, blankMs: 5 };
  const slow = async <T>(end: () => T): Promise<T> => {
    await new Promise((resolve) => setTimeout(resolve, 40));
    return end();
  };
  const textOf = async (answer: Awaited<ReturnType<typeof lastingAnswer>>) => {
    let text = "";
    for await (const piece of answer.body ?? "") text += String(piece);
    return text;
  };

  it("begins with blanks, and ends with what came of the work", async () => {
    const good = await textOf(
      await lastingAnswer(
        slow(() => element("Done", "yes")),
        signal,
        patience,
      ),
    );
    expect(good).to.match(/^<\?xml[^>]*\?>\n +<Done>yes<\/Done>$/);
    const fail = () => {
      throw new Refusal("InvalidPart", "no such part");
    };
    const bad = await textOf(await lastingAnswer(slow(fail), signal, patience));
    expect(bad).to.match(/^<\?xml[^>]*\?>\n +<Error><Code>InvalidPart<\/Code>.*<\/Error>$/);
  });

  it("is a plain answer when the work is done at once", async () => {
    const { body } = await lastingAnswer(Promise.resolve(element("Done")), signal);
    expect(body).to.match(/<Done><\/Done>$/);
    const failed = lastingAnswer(Promise.reject(new Refusal("InvalidPart", "no such part")), signal);
    expect(await codeOf(failed)).to.equal("InvalidPart");
  });
});

describe("gateway: places", () => {
  it("are given in turn, refused to too many, and left by who gives up", async () => {
    const places = new Places(1, 2);
    const { signal } = new AbortController();
    const leave = await places.take(signal);
    const order: string[] = [];
    const gone = new AbortController();
    const first = places.take(gone.signal).catch(() => order.push("gave up"));
    const second = places.take(signal).then((left) => {
      order.push("second");
      left();
    });
    expect(await codeOf(places.take(signal))).to.equal("SlowDown");
    gone.abort();
    await first;
    leave();
    leave();
    await second;
    expect(order).to.deep.equal(["gave up", "second"]);
    (await places.take(signal))();
  });

  it("are taken from who hardly moves, once somebody waits", async () => {
    const places = new Places(2, 2);
    const { signal } = new AbortController();
    const cut: string[] = [];
    const leaving = await Promise.all([places.take(signal), places.take(signal)]);
    const cutOff = (name: string, leave: () => void) => () => {
      cut.push(name);
      leave();
    };
    places.watch({ isSlow: () => false, cutOff: cutOff("fast", leaving[0]!) });
    places.watch({ isSlow: () => true, cutOff: cutOff("slow", leaving[1]!) });
    expect(cut).to.deep.equal([]);
    await places.take(signal);
    expect(cut).to.deep.equal(["slow"]);
  });
});
