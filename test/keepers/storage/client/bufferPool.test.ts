import { expect } from "chai";
import fc from "fast-check";
import { BufferPool } from "../../../../keepers/storage/client/bufferPool.ts";

describe("storage: room for bytes", () => {
  it("is used again, and never by two at once (property)", () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 5_000 }), gives: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pool = new BufferPool(32);
        const held: Buffer[] = [];
        for (const { bytes, gives } of steps) {
          const body = pool.take(bytes);
          expect(body.length).to.equal(bytes);
          expect(held.some(({ buffer }) => buffer === body.buffer)).to.equal(false);
          if (gives) pool.give(body);
          else held.push(body);
        }
      }),
    );
  });

  it("is kept for as large a body again, and not for a small one", () => {
    const pool = new BufferPool(32);
    const body = pool.take(1_000);
    pool.give(body);
    expect(pool.take(499).buffer).not.to.equal(body.buffer);
    expect(pool.take(900).buffer).to.equal(body.buffer);
    expect(pool.take(900).buffer).not.to.equal(body.buffer);
  });

  it("keeps no more than it may", () => {
    const pool = new BufferPool(32);
    const bodies = Array.from({ length: 100 }, () => pool.take(1_000));
    for (const body of bodies) pool.give(body);
    const buffers = new Set(bodies.map(({ buffer }) => buffer));
    const again = Array.from({ length: 100 }, () => pool.take(1_000));
    expect(again.filter(({ buffer }) => buffers.has(buffer))).length(32);
  });
});
