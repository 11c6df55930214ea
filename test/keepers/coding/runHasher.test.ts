import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { merkleTree, nodeOf } from "../../../keepers/coding/merkle.ts";
import { RunHasher } from "../../../keepers/coding/runHasher.ts";

describe("roots of runs of rows", () => {
  it("are those of their trees, whatever was hashed before", () => {
    const hasher = new RunHasher();
    for (const count of [1, 2, 4, 8, 32, 512, 1024, 16, 1])
      for (const rowSize of [64, 1024]) {
        const rows = randomBytes(count * rowSize);
        const leaves = Array.from({ length: count }, (_, i) => rows.subarray(i * rowSize, (i + 1) * rowSize));
        const root = hasher.root(rows, rowSize);
        expect(Buffer.compare(root, nodeOf(merkleTree(leaves), 1)), `${count} of ${rowSize}`).to.equal(0);
      }
  });
});
