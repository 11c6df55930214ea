import { expect } from "chai";
import { createMemorySigner } from "../../../../keepers/runtime/keys/localSigner.ts";
import {
  bytesPaidDown,
  encodeVoucher,
  parseVoucher,
  priceUp,
  signerOfVoucher,
  signReadVoucher,
  voucherDigest,
} from "../../../../keepers/storage/format/readVoucher.ts";
import { codeOf } from "../codes.ts";

const SCOPE = { chainId: 31_337, sessions: "0x5FbDB2315678afecb367f032d93F642f64180aa3" };
const OPERATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const VOUCHER = { session: 7n, operator: OPERATOR, amount: 123_456_789n };
const DIGEST = "0x554248024d570b380087fbb57d53ba1c620658f0e52d7624c97232175bed6a81";
const HEADER =
  "7.123456789.0x417b4a04e14b62b305b70202a367018807491fe1938f72b83ecdc3792abaf88876ef445c0dce133dc81a2be001f38e3f84ff3526810da1026e91d1f6ee451c2d1c";

describe("storage: read vouchers", () => {
  it("have the digest and the header of the documentation", async () => {
    expect(voucherDigest(SCOPE, VOUCHER)).to.equal(DIGEST);
    const signed = await signReadVoucher(createMemorySigner(KEY), SCOPE, VOUCHER);
    expect(encodeVoucher(signed)).to.equal(HEADER);
    expect(parseVoucher(HEADER)).to.deep.equal(signed);
  });

  it("name their signer for one operator, session, amount and contract only", () => {
    const signer = createMemorySigner(KEY).address.toLowerCase();
    const carried = parseVoucher(HEADER);
    expect(signerOfVoucher(SCOPE, carried, OPERATOR)).to.equal(signer);
    const others = [
      signerOfVoucher(SCOPE, carried, SCOPE.sessions),
      signerOfVoucher(SCOPE, { ...carried, session: 8n }, OPERATOR),
      signerOfVoucher(SCOPE, { ...carried, amount: carried.amount + 1n }, OPERATOR),
      signerOfVoucher({ ...SCOPE, chainId: 1 }, carried, OPERATOR),
      signerOfVoucher({ ...SCOPE, sessions: OPERATOR }, carried, OPERATOR),
      signerOfVoucher(SCOPE, { ...carried, signature: `0x${"00".repeat(65)}` }, OPERATOR),
    ];
    expect(others).to.not.include(signer);
  });

  it("have one form", () => {
    const [, , signature = ""] = HEADER.split(".");
    const wrong = [
      undefined,
      [HEADER, HEADER],
      "",
      ` ${HEADER}`,
      `${HEADER}\n`,
      `07.1.${signature}`,
      `0.1.${signature}`,
      `7.01.${signature}`,
      `7.-1.${signature}`,
      `7.1e3.${signature}`,
      `${1n << 64n}.1.${signature}`,
      `7.${1n << 128n}.${signature}`,
      `7.1.${signature.toUpperCase()}`,
      `7.1.${signature.slice(0, -2)}`,
      `7.1.${signature}00`,
      "7".repeat(10_000),
    ];
    for (const header of wrong)
      expect(
        codeOf(() => parseVoucher(header)),
        String(header),
      ).to.equal("storage/bad-voucher");
    expect(parseVoucher(`${(1n << 64n) - 1n}.${(1n << 128n) - 1n}.${signature}`).session).to.equal(
      (1n << 64n) - 1n,
    );
  });

  it("round up what is owed, and down what it buys", () => {
    const gib = 1n << 30n;
    expect(priceUp(0n, 5n)).to.equal(0n);
    expect(priceUp(1n, 1n)).to.equal(1n);
    expect(priceUp(gib, 5n)).to.equal(5n);
    expect(priceUp(gib + 1n, 5n)).to.equal(6n);
    expect(bytesPaidDown(6n, 5n)).to.equal((6n * gib) / 5n);
    expect(bytesPaidDown(6n, 0n)).to.equal(0n);
  });
});
