import { expect } from "chai";
import { hexlify, sha256, toBeHex, zeroPadValue } from "ethers";
import { network } from "hardhat";
import { createReference } from "../../keepers/coding/reference/rsema1d.ts";
import {
  encodeNoise,
  flip,
  type Judge,
  judgeArguments,
  noise,
  type Open,
  openArguments,
  type RlcProof,
  type RowProof,
  type Rsema1dProbe,
  rlcProof,
  rowProof,
  type Shape,
  VERDICT,
} from "./rsema1dProofs.ts";

const { ethers, networkHelpers } = await network.create();
const reference = createReference();

const deploy = async () => {
  const contract = await ethers.deployContract("Rsema1dProbe");
  return { contract, probe: contract as unknown as Rsema1dProbe };
};

const encode = (shape: Shape, seed = 7) => encodeNoise(reference, shape, seed);
const SHAPES: Shape[] = [
  { k: 1, n: 1, rowSize: 64 },
  { k: 1, n: 7, rowSize: 192 },
  { k: 2, n: 2, rowSize: 64 },
  { k: 4, n: 12, rowSize: 256 },
  { k: 8, n: 8, rowSize: 704 },
  { k: 16, n: 48, rowSize: 128 },
];

describe("Rsema1d", () => {
  for (const { n, rowSize, commitment } of [
    { n: 4, rowSize: 64, commitment: "0xf57fdff87d54f71bc0c860808b046356c8d4850e67b923e08411208df08cb5ab" },
    { n: 12, rowSize: 256, commitment: "0x8ac46440862f280346635eee5075f81ff04b659fb7a86c1e25a28f5f71c3f97e" },
  ]) {
    it(`opens the published vector K=4 N=${n} rowSize=${rowSize} (CODE-1)`, async () => {
      const { probe } = await networkHelpers.loadFixture(deploy);
      const data = new Uint8Array(4 * rowSize);
      for (let i = 0; i < 4; i++) data[(i + 1) * rowSize - 1] = i + 1;
      const segment = reference.encode(data, { k: 4, n, rowSize });
      for (let index = 0; index < 4 + n; index++) {
        const [, ...rest] = openArguments(segment, index);
        expect(await probe.opens(commitment, ...rest)).to.equal(true);
      }
      for (let index = 0; index < 4; index++) {
        const [, ...rest] = judgeArguments(segment, index);
        expect(await probe.judge(commitment, ...rest)).to.deep.equal([
          VERDICT.sound,
          hexlify(segment.rlc[index]!),
        ]);
      }
    });
  }

  it("opens every row of every shape, and finds every original sound (CODE-2, CODE-3)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    for (const [seed, shape] of SHAPES.entries()) {
      const segment = encode(shape, seed + 1);
      for (let index = 0; index < shape.k + shape.n; index++) {
        expect(await probe.opens(...openArguments(segment, index))).to.equal(true);
        await probe.requireOpen(...openArguments(segment, index));
      }
      for (let index = 0; index < shape.k; index++) {
        const judged = await probe.judge(...judgeArguments(segment, index));
        expect(judged).to.deep.equal([VERDICT.sound, hexlify(segment.rlc[index]!)]);
        await probe.requireSound(...judgeArguments(segment, index));
      }
    }
  });

  it("computes the RLC of any row as the reference does (CODE-4)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    const rowRoot = noise(32, 99);
    for (const rowSize of [64, 128, 576, 1024, 8256, 16_384]) {
      const shape = { k: 4096, n: 12_288, rowSize };
      const coefficients = reference.coefficients(rowRoot, shape);
      const sparse = new Uint8Array(rowSize);
      sparse.set(noise(2, rowSize), rowSize - 40);
      for (const row of [
        noise(rowSize, rowSize),
        new Uint8Array(rowSize).fill(255),
        new Uint8Array(rowSize),
        sparse,
      ]) {
        const actual = await probe.rlcOf(hexlify(rowRoot), shape, hexlify(row));
        expect(actual).to.equal(hexlify(reference.rlcOf(row, coefficients)));
      }
    }
  });

  it("multiplies all basis elements as the field does (CODE-4)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    for (let b = 0; b < 16; b++) {
      for (let i = 0; i < 16; i++) {
        // Element 1 << i in the first and the last of the eight lanes.
        const lane = BigInt(1 << (i ^ 8));
        const vectors = Array.from({ length: 16 }, (_, at) =>
          at === b ? (lane << 240n) | (lane << 128n) : 0n,
        );
        const product = reference.field.multiply(1 << b, 1 << i);
        const swapped = ((product & 0xff) << 8) | (product >> 8);
        const pair = toBeHex(swapped, 2).slice(2);
        expect(await probe.combineBasis(vectors)).to.equal(`0x${pair}${"0000".repeat(6)}${pair}`);
      }
    }
  });

  describe("refuses", () => {
    const shape = { k: 4, n: 12, rowSize: 64 };
    const segment = encode(shape);

    it("every flipped bit of a plain opening (CODE-5)", async () => {
      const { probe } = await networkHelpers.loadFixture(deploy);
      const [commitment, , proof, rlcRoot] = openArguments(segment, 5);
      const forged: Open[] = [];
      for (let bit = 0; bit < 512; bit++)
        forged.push([commitment, shape, { ...proof, row: flip(proof.row, bit) }, rlcRoot]);
      for (let bit = 0; bit < 256; bit++) {
        forged.push([flip(commitment, bit), shape, proof, rlcRoot]);
        forged.push([commitment, shape, proof, flip(rlcRoot, bit)]);
        const path = proof.path.with(bit % 4, flip(proof.path[bit % 4]!, bit));
        forged.push([commitment, shape, { ...proof, path }, rlcRoot]);
      }
      const answers = await Promise.all(forged.map((args) => probe.opens(...args)));
      expect(answers).to.not.include(true);
    });

    it("another index, path length, row length or shape (CODE-6)", async () => {
      const { contract, probe } = await networkHelpers.loadFixture(deploy);
      const [commitment, , proof, rlcRoot] = openArguments(segment, 5);
      const proofs: RowProof[] = [
        ...[0, 4, 6, 13, 15, 16, 21, 2n ** 255n + 5n].map((index) => ({ ...proof, index })),
        { ...proof, path: proof.path.slice(1) },
        { ...proof, path: proof.path.slice(0, -1) },
        { ...proof, path: [...proof.path, rlcRoot] },
        { ...proof, row: proof.row.slice(0, -2) },
        { ...proof, row: `${proof.row}00` },
        { ...proof, row: "0x" },
        { ...proof, row: proof.row + "00".repeat(64) },
      ];
      for (const lie of proofs) {
        expect(await probe.opens(commitment, shape, lie, rlcRoot)).to.equal(false);
        await expect(probe.requireOpen(commitment, shape, lie, rlcRoot))
          .to.be.revertedWithCustomError(contract, "Rsema1d_NotOpened")
          .withArgs(commitment, lie.index);
      }
      const shapes = [
        { k: 3, n: 13, rowSize: 64 },
        { k: 4, n: 11, rowSize: 64 },
        { k: 4, n: 4, rowSize: 64 },
        { k: 4, n: 28, rowSize: 64 },
        { k: 16, n: 0, rowSize: 64 },
        { k: 0, n: 16, rowSize: 64 },
        { k: 4, n: 12, rowSize: 0 },
        { k: 4, n: 12, rowSize: 128 },
        { k: 4, n: 12, rowSize: 32 },
        { k: 2 ** 31, n: 2 ** 31, rowSize: 64 },
        { k: 65_536, n: 65_536, rowSize: 64 },
      ];
      for (const lie of shapes) expect(await probe.opens(commitment, lie, proof, rlcRoot)).to.equal(false);
    });

    it("an inner node shown as a row (CODE-6)", async () => {
      const { probe } = await networkHelpers.loadFixture(deploy);
      // Two leaf hashes are 64 bytes, as long as a row, and one level up.
      const [pair, above] = [segment.rowPath(5)[0]!, segment.rowPath(5).slice(1).map(hexlify)];
      const leaf = ethers.getBytes(sha256(Uint8Array.from([0, ...segment.rows[5]!])));
      const row = hexlify(Uint8Array.from([...pair, ...leaf]));
      const proof = { index: 2, row, path: above };
      const half = { k: 2, n: 6, rowSize: 64 };
      for (const claimed of [shape, half]) {
        expect(
          await probe.opens(hexlify(segment.commitment), claimed, proof, hexlify(segment.rlcRoot)),
        ).to.equal(false);
      }
    });

    it("every flipped bit of an opening with RLC (CODE-7)", async () => {
      const { probe } = await networkHelpers.loadFixture(deploy);
      const [commitment, , proof, rlc] = judgeArguments(segment, 2);
      const forged: Judge[] = [];
      for (let bit = 0; bit < 512; bit += 5)
        forged.push([commitment, shape, { ...proof, row: flip(proof.row, bit) }, rlc]);
      for (let bit = 0; bit < 128; bit++)
        forged.push([commitment, shape, proof, { ...rlc, value: flip(rlc.value, bit) }]);
      for (let bit = 0; bit < 256; bit += 3) {
        forged.push([flip(commitment, bit), shape, proof, rlc]);
        const path = rlc.path.with(bit % 2, flip(rlc.path[bit % 2]!, bit));
        forged.push([commitment, shape, proof, { ...rlc, path }]);
      }
      const answers = await Promise.all(forged.map((args) => probe.judge(...args)));
      for (const answer of answers) expect(answer).to.deep.equal([VERDICT.foreign, `0x${"00".repeat(16)}`]);
    });

    it("a parity row, a wrong index or a wrong path length with RLC (CODE-7)", async () => {
      const { contract, probe } = await networkHelpers.loadFixture(deploy);
      const [commitment, , proof, rlc] = judgeArguments(segment, 2);
      const forged: [RowProof, RlcProof, bigint][] = [
        [rowProof(segment, 6), rlc, VERDICT.malformed],
        [{ ...proof, index: 3 }, rlc, VERDICT.foreign],
        [proof, { ...rlc, path: rlc.path.slice(1) }, VERDICT.malformed],
        [proof, { ...rlc, path: [...rlc.path, commitment] }, VERDICT.malformed],
        [{ ...proof, path: proof.path.slice(1) }, rlc, VERDICT.malformed],
        [{ ...proof, row: "0x" }, rlc, VERDICT.malformed],
        [proof, rlcProof(segment, 1), VERDICT.foreign],
      ];
      for (const [row, value, verdict] of forged) {
        expect((await probe.judge(commitment, shape, row, value))[0]).to.equal(verdict);
        await expect(probe.requireSound(commitment, shape, row, value))
          .to.be.revertedWithCustomError(contract, "Rsema1d_NotSound")
          .withArgs(commitment, row.index, verdict);
      }
    });
  });

  describe("convicts", () => {
    const shape = { k: 4, n: 4, rowSize: 128 };

    it("whoever commits to an RLC that the row doesn't have (CODE-8)", async () => {
      const { probe } = await networkHelpers.loadFixture(deploy);
      const honest = encode(shape);
      const lie = zeroPadValue("0x01", 16);
      // A commitment over the honest rows and one wrong RLC value, with the paths that belong to it.
      const values = honest.rlc.map((value, i) => (i === 1 ? lie : hexlify(value)));
      const leaf = (value: string) => sha256(ethers.concat(["0x00", value]));
      const node = (left: string, right: string) => sha256(ethers.concat(["0x01", left, right]));
      const leaves = values.map(leaf);
      const upper = node(leaves[2]!, leaves[3]!);
      const rlcRoot = node(node(leaves[0]!, leaves[1]!), upper);
      const commitment = sha256(ethers.concat([honest.rowRoot, rlcRoot]));
      const rlc = { value: lie, path: [leaves[0]!, upper] };

      const actual = hexlify(honest.rlc[1]!);
      expect(await probe.judge(commitment, shape, rowProof(honest, 1), rlc)).to.deep.equal([
        VERDICT.miscoded,
        actual,
      ]);
      // The true value isn't under this commitment, so nobody can be acquitted with it.
      const [verdict] = await probe.judge(commitment, shape, rowProof(honest, 1), { ...rlc, value: actual });
      expect(verdict).to.equal(VERDICT.foreign);
    });

    it("nobody who committed honestly, whatever shape the accuser claims (CODE-9)", async () => {
      const { probe } = await networkHelpers.loadFixture(deploy);
      const segment = encode(shape);
      const [commitment, , proof, rlc] = judgeArguments(segment, 1);
      // Another shape would give other coefficients; the lengths of paths and row allow none but the true one.
      const paths = [rlc.path, rlc.path.slice(1), [...rlc.path, commitment]];
      for (const k of [1, 2, 4, 8, 16]) {
        for (const rows of [2, 4, 8, 16, 32]) {
          for (const rowSize of [64, 128, 192]) {
            if (k === shape.k && rows === 8 && rowSize === shape.rowSize) continue;
            for (const path of paths) {
              const claimed = { k, n: Math.max(0, rows - k), rowSize };
              const [verdict] = await probe.judge(commitment, claimed, proof, { ...rlc, path });
              expect(verdict, `${k} ${rows} ${rowSize}`).to.be.oneOf([VERDICT.malformed, VERDICT.foreign]);
            }
          }
        }
      }
    });
  });
});
