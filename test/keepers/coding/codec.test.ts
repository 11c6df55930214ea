import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { type Codec, createCodec } from "../../../keepers/coding/codec.ts";
import { merkleTree, nodeOf } from "../../../keepers/coding/merkle.ts";
import { noise, send } from "./codecSupport.ts";

use(chaiAsPromised);

const small = { k: 4, n: 4, rowSize: 64 };
const large = { k: 1024, n: 1024, rowSize: 512 };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

for (const threads of [0, 1, 3])
  describe(`codec on ${threads} threads`, () => {
    let codec: Codec;
    before(async () => {
      codec = await createCodec({ threads });
    });
    after(() => codec.close());

    it("pads with zeros, whatever stood in the memory before", async () => {
      const full = await codec.encode(noise(256), small);
      full.release();
      const short = await codec.encode(noise(70), small);
      const padded = new Uint8Array(256);
      padded.set(noise(70));
      expect(hex(short.commitment)).to.equal(hex((await codec.encode(padded, small)).commitment));
      expect(short.row(1)).to.deep.equal(Buffer.from(padded.subarray(64, 128)));
      expect(hex(short.row(3))).to.equal("00".repeat(64));
    });

    it("keeps segments apart that are alive together", async () => {
      const seeds = [1, 2, 3, 4, 5];
      const segments = await Promise.all(seeds.map((seed) => codec.encode(noise(2 ** 19, seed), large)));
      segments.forEach((segment, at) => {
        expect(
          Buffer.compare(segment.row(9), noise(2 ** 19, seeds[at]).subarray(9 * 512, 10 * 512)),
        ).to.equal(0);
      });
      expect(new Set(segments.map((segment) => hex(segment.commitment))).size).to.equal(5);
      for (const segment of segments) segment.release();
    });

    it("checks and rebuilds what it coded", async () => {
      const data = noise(2 ** 19, 8);
      const sent = await send(codec, data, large);
      const checker = await codec.checker(sent.commitment, large, sent.rlc);
      const rows = new Map(
        sent.rows.map((row, index) => [index, row] as const).filter(([index]) => index % 3 !== 0),
      );
      for (const [index, row] of rows) checker.check(index, row, sent.paths[index]!);
      const rebuilt = await codec.rebuild(large, rows);
      expect(Buffer.compare(rebuilt, data)).to.equal(0);
      const rlcTree = merkleTree(
        Array.from({ length: large.k }, (_, i) => sent.rlc.subarray(16 * i, 16 * i + 16)),
      );
      expect(hex(await codec.rlcRoot(sent.rlc))).to.equal(hex(nodeOf(rlcTree, 1)));
      expect(hex(await codec.rowTree(rebuilt, large, 2048))).to.equal(hex(merkleTree(sent.rows)));
    });

    it("refuses nothing, too much, and shapes that can't be", async () => {
      await expect(codec.encode(new Uint8Array(), small)).to.be.rejected.and.eventually.include({
        code: "coding/empty",
      });
      await expect(codec.rlcRoot(new Uint8Array(40))).to.be.rejected.and.eventually.include({
        code: "coding/shape",
      });
      await expect(codec.encode(new Uint8Array(257), small)).to.be.rejected.and.eventually.include({
        code: "coding/oversize",
      });
      await expect(codec.encode(noise(9), { ...small, rowSize: 96 })).to.be.rejected.and.eventually.include({
        code: "coding/shape",
      });
    });

    it("refuses rows that aren't there, and everything after the release", async () => {
      const segment = await codec.encode(noise(256), small);
      for (const index of [-1, 8, 0.5]) expect(() => segment.row(index)).to.throw("no row");
      expect(() => segment.rowPath(8)).to.throw("no row");
      expect(() => segment.rlcPath(4)).to.throw("no row");
      segment.release();
      segment.release();
      expect(() => segment.row(0)).to.throw("released");
      expect(() => segment.rowPath(0)).to.throw("released");
      expect(() => segment.rlc).to.throw("released");
      const [first, second] = [
        await codec.encode(noise(9, 1), small),
        await codec.encode(noise(9, 2), small),
      ];
      expect(hex(first.row(0))).to.not.equal(hex(second.row(0)));
    });

    it("stops when it is told to", async () => {
      const reason = new Error("enough");
      await expect(codec.encode(noise(256), small, AbortSignal.abort(reason))).to.be.rejectedWith("enough");
      await expect(codec.rebuild(small, new Map(), AbortSignal.abort(reason))).to.be.rejected;
      const controller = new AbortController();
      const coding = codec.encode(noise(2 ** 19), large, controller.signal);
      controller.abort(reason);
      await coding.then(
        (segment) => segment.release(),
        (error) => expect(error).to.equal(reason),
      );
      (await codec.encode(noise(2 ** 19), large)).release();
    });
  });

describe("codec", () => {
  it("gives the same bits on any number of threads", async () => {
    const data = noise(2 ** 19 - 5, 3);
    const sents = [];
    for (const threads of [0, 1, 2, 5]) {
      const codec = await createCodec({ threads });
      sents.push(await send(codec, data, large));
      await codec.close();
    }
    for (const sent of sents.slice(1)) {
      expect(hex(sent.commitment)).to.equal(hex(sents[0]!.commitment));
      expect(Buffer.compare(Buffer.concat(sent.rows), Buffer.concat(sents[0]!.rows))).to.equal(0);
      expect(Buffer.compare(sent.rlc, sents[0]!.rlc)).to.equal(0);
    }
  });

  it("ends with what is under way, and codes no more", async () => {
    const codec = await createCodec({ threads: 1 });
    const coding = codec.encode(noise(2 ** 19), large);
    const ended = expect(coding).to.be.rejected.and.eventually.include({ code: "coding/closed" });
    await nextTurn();
    await codec.close();
    await ended;
    await expect(codec.encode(noise(9), small)).to.be.rejected.and.eventually.include({
      code: "coding/closed",
    });
  });
});
