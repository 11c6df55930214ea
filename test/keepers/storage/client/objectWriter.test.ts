import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { RetryableError } from "../../../../keepers/runtime/errors.ts";
import { ObjectWriter, type SegmentSink } from "../../../../keepers/storage/client/objectWriter.ts";
import { MAX_SEGMENT_BYTES } from "../../../../keepers/storage/format/limits.ts";
import { type ManifestNode, parseNode } from "../../../../keepers/storage/format/manifestNode.ts";
import { segmentsIn } from "../../../../keepers/storage/format/manifestTree.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { itemOf, type Pack } from "../../../../keepers/storage/format/pack.ts";
import { codeOfRejection } from "../codes.ts";

const SHAPE = { k: 4096, n: 4096, rowSize: 1024 };
const ALL = (1n << 256n) - 1n;
const MIB = 1024 * 1024;

/** Keeps packs, and the number of everything else: what a network would be asked to take. */
class Ledger implements SegmentSink {
  readonly packs: Pack[] = [];
  segments = 0;
  running = 0;
  most = 0;

  async store() {
    this.running++;
    this.most = Math.max(this.most, this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running--;
    return { commitment: this.#name(this.segments++), shape: SHAPE, slots: ALL };
  }

  async storePack(pack: Pack) {
    this.packs.push(pack);
    return { commitment: this.#name(-this.packs.length), shape: SHAPE, slots: ALL };
  }

  item(name: Uint8Array): Uint8Array {
    for (const { bytes, entries } of this.packs)
      for (const entry of entries)
        if (Buffer.compare(entry.name, name) === 0) return itemOf(bytes, entry).bytes;
    throw new Error(`nothing is named ${nameOf(name)}`);
  }

  #name(number: number): Uint8Array {
    return createHash("sha256").update(`segment ${number}`).digest();
  }
}

const options = { segmentsInFlight: 4, signal: new AbortController().signal };

describe("storage: object writer", () => {
  it("writes a terabyte in constant memory, and its manifest leads to every byte", async function () {
    this.timeout(120_000);
    const size = 2 ** 40;
    const ledger = new Ledger();
    const writer = new ObjectWriter(ledger, options);
    const chunk = new Uint8Array(MAX_SEGMENT_BYTES);
    async function* sparse() {
      for (let at = 0; at < size; at += chunk.length) yield chunk;
    }
    const before = process.memoryUsage().rss;
    const { objectRoot, size: written, kind } = await writer.put(sparse());
    const list = await writer.finish();
    const grown = process.memoryUsage().rss - before;
    const segments = [...list];
    expect([written, kind, ledger.segments]).to.deep.equal([size, "manifest", size / MAX_SEGMENT_BYTES]);
    expect(segments.length).to.equal(ledger.segments + ledger.packs.length);
    expect(ledger.most).to.be.at.most(options.segmentsInFlight);
    expect(grown).to.be.lessThan(256 * MIB);
    const root: ManifestNode = parseNode(ledger.item(objectRoot));
    let reads = 0;
    const fetch = async (name: Uint8Array) => {
      reads++;
      return ledger.item(name);
    };
    for (const offset of [0, size / 2 + 12_345, size - 1]) {
      for await (const { segment, start } of segmentsIn(root, { offset, length: 1 }, { fetch })) {
        const number = start / MAX_SEGMENT_BYTES;
        expect(number).to.equal(Math.floor(offset / MAX_SEGMENT_BYTES));
        expect(nameOf(segment.commitment)).to.equal(nameOf(segments[number]!.commitment));
      }
    }
    expect(reads).to.be.at.most(6);
  });

  it("keeps as many segments on their way as it may, and waits with the source", async () => {
    const ledger = new Ledger();
    let given = 0;
    async function* source() {
      for (; given < 40; given++) {
        // What is being coded, what is on its way, and one that is filled.
        expect(given - ledger.segments + ledger.running).to.be.at.most(options.segmentsInFlight + 2);
        yield new Uint8Array(MAX_SEGMENT_BYTES);
      }
    }
    await new ObjectWriter(ledger, options).put(source());
    expect(ledger.most).to.be.within(2, options.segmentsInFlight);
  });

  it("ends with the failure of any segment, and stops reading", async () => {
    let given = 0;
    async function* source() {
      for (; given < 1_000; given++) yield new Uint8Array(MAX_SEGMENT_BYTES);
    }
    const ledger = new Ledger();
    const failing: SegmentSink = {
      storePack: (pack) => ledger.storePack(pack),
      store: async () => {
        if (ledger.segments === 7) throw new RetryableError("test/full", "full");
        return await ledger.store();
      },
    };
    expect(await codeOfRejection(new ObjectWriter(failing, options).put(source()))).to.equal("test/full");
    expect(given).to.be.lessThan(20);
  });

  it("ends with the failure of a pack", async () => {
    const failing: SegmentSink = {
      store: () => new Ledger().store(),
      storePack: async () => {
        throw new RetryableError("test/full", "full");
      },
    };
    const writer = new ObjectWriter(failing, options);
    await writer.put(randomBytes(10));
    expect(await codeOfRejection(writer.finish())).to.equal("test/full");
    const many = new ObjectWriter(failing, options);
    const all = async () => {
      for (let i = 0; i < 200; i++) await many.put(randomBytes(100_000));
    };
    expect(await codeOfRejection(all())).to.equal("test/full");
  });

  it("lists packs in the order in which they were filled, whichever is stored first", async () => {
    const objects = Array.from({ length: 60 }, () => randomBytes(250_000));
    const listed = async (pauses: readonly number[]) => {
      const ledger = new Ledger();
      let number = 0;
      const slow: SegmentSink = {
        store: () => ledger.store(),
        storePack: async (pack) => {
          await sleep(pauses[number++ % pauses.length]);
          const commitment = createHash("sha256").update(pack.bytes).digest();
          return { ...(await ledger.storePack(pack)), commitment };
        },
      };
      const writer = new ObjectWriter(slow, options);
      for (const bytes of objects) await writer.put(bytes);
      return [...(await writer.finish())].map(({ commitment }) => nameOf(commitment));
    };
    const names = await listed([0]);
    expect(names).to.have.length(4);
    expect(await listed([30, 20, 10, 0])).to.deep.equal(names);
  });
});
