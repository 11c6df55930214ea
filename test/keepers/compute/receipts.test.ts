import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { hexlify, id, type Provider, ZeroAddress } from "ethers";
import fc from "fast-check";
import { MountainRange } from "../../../keepers/coding/mountainRange.ts";
import type { SessionTerms } from "../../../keepers/compute/chainReads.ts";
import { checkReceipt } from "../../../keepers/compute/client/receiptCheck.ts";
import { ReceiptJournal } from "../../../keepers/compute/receiptJournal.ts";
import {
  bodyDigest,
  exchangeOf,
  type Market,
  NO_USES,
  type Receipt,
  receiptDigest,
  receiptLeaf,
  type SignedReceipt,
  signReceipt,
} from "../../../keepers/compute/receipts.ts";
import { encodeTensors, type Tensor } from "../../../keepers/compute/tensors.ts";
import { signVoucher, voucherDigest } from "../../../keepers/compute/vouchers.ts";
import { receiptFromHeader, toHeader, voucherFromHeader } from "../../../keepers/compute/wire.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import { temporaryDirectory } from "../runtime/temporary.ts";

use(chaiAsPromised);

const market: Market = { chainId: 31337, sessions: "0x00000000000000000000000000000000000000A1" };
const signer = createMemorySigner(`0x${"11".repeat(32)}`);
// Judges contracts' signatures only; there are no contracts here.
const noContracts = { getCode: async () => "0x" } as unknown as Provider;

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexlify(bytes));
const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const receipts: fc.Arbitrary<Receipt> = fc.record({
  session: uint(64),
  index: uint(64),
  modelId: bytes32,
  exchange: bytes32,
  unitsIn: uint(64),
  unitsOut: uint(64),
  price: uint(128),
  usesRoot: bytes32,
  deadline: uint(64),
});

describe("receipts and vouchers", function () {
  this.timeout(30_000);
  it("travel in a header unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(receipts, bytes32, bytes32, async (receipt, salt, root) => {
        const signed = { receipt, salt, signature: await signReceipt(signer, market, receipt) };
        expect(receiptFromHeader(toHeader(signed))).to.deep.equal(signed);
        const { session, price: amount, index } = receipt;
        const voucher = await signVoucher(signer, market, {
          session,
          amount,
          receipts: index,
          receiptsRoot: root,
        });
        expect(voucherFromHeader(toHeader(voucher))).to.deep.equal(voucher);
      }),
      { numRuns: 25 },
    );
  });

  it("are refused with a clear code when a header is garbage", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => Buffer.from(text).toString("base64url")),
        ),
        (header) => {
          expect(() => receiptFromHeader(header))
            .to.throw()
            .with.property("code", "compute/bad-receipt");
          expect(() => voucherFromHeader(header))
            .to.throw()
            .with.property("code", "compute/invalid-voucher");
        },
      ),
    );
  });

  it("have digests that depend on every field and on the market", () => {
    fc.assert(
      fc.property(receipts, (receipt) => {
        const digest = receiptDigest(market, receipt);
        for (const [field, value] of Object.entries(receipt)) {
          const changed =
            typeof value === "bigint"
              ? value ^ 1n
              : value.replace(/.$/, (last: string) => (last === "0" ? "1" : "0"));
          expect(receiptDigest(market, { ...receipt, [field]: changed }), field).to.not.equal(digest);
        }
        expect(receiptDigest({ ...market, chainId: 1 }, receipt)).to.not.equal(digest);
        expect(receiptDigest({ ...market, sessions: ZeroAddress }, receipt)).to.not.equal(digest);
      }),
      { numRuns: 25 },
    );
    const voucher = { session: 1n, amount: 2n, receipts: 3n, receiptsRoot: NO_USES };
    expect(voucherDigest(market, voucher)).to.not.equal(voucherDigest(market, { ...voucher, receipts: 4n }));
  });
});

describe("receipt check", () => {
  const rows: Tensor = { name: "x", dtype: "float32", dims: [3, 2], data: new Float32Array(6) };
  const scores: Tensor = { name: "y", dtype: "float32", dims: [3, 1], data: new Float32Array(3) };
  const [request, response] = [encodeTensors([rows]), encodeTensors([scores])];
  const exchange = { index: 4n, request, inputs: [rows], response, outputs: [scores] };
  const terms = {
    id: 9n,
    modelId: id("model"),
    unitPrice: 7n,
    claimBefore: 1_000n,
    receiptSigner: signer.address,
  } as SessionTerms;
  const salt = id("salt");
  const good: Receipt = {
    session: 9n,
    index: 4n,
    modelId: terms.modelId,
    exchange: exchangeOf(bodyDigest(request), bodyDigest(response), salt),
    unitsIn: 3n,
    unitsOut: 3n,
    price: 21n,
    usesRoot: NO_USES,
    deadline: 1_000n,
  };
  const sign = async (receipt: Receipt): Promise<SignedReceipt> => ({
    receipt,
    salt,
    signature: await signReceipt(signer, market, receipt),
  });
  const check = (signed: SignedReceipt) => checkReceipt(noContracts, market, terms, exchange, signed);

  it("accepts what was agreed", async () => {
    await check(await sign(good));
  });

  const wrong: Partial<Receipt>[] = [
    { session: 8n },
    { index: 5n },
    { modelId: id("another") },
    { exchange: id("another") },
    { unitsIn: 4n },
    { unitsOut: 2n },
    { price: 22n },
    { price: 20n },
    { deadline: 999n },
  ];
  for (const change of wrong) {
    const [field] = Object.keys(change);
    it(`refuses a signed receipt with another ${field}`, async () => {
      const refused = check(await sign({ ...good, ...change }));
      await expect(refused).to.be.rejected.and.eventually.deep.include({ code: "compute/bad-receipt" });
      await expect(refused).to.be.rejectedWith(field!);
    });
  }

  it("refuses a salt that opens nothing, a stranger's signature and a changed answer", async () => {
    const signed = await sign(good);
    await expect(check({ ...signed, salt: id("other") })).to.be.rejectedWith("exchange");
    const stranger = await signReceipt(createMemorySigner(), market, good);
    await expect(check({ ...signed, signature: stranger })).to.be.rejectedWith("signature");
    await expect(check({ ...signed, signature: "0x1234" })).to.be.rejectedWith("signature");
    const other = { ...exchange, response: encodeTensors([{ ...scores, data: Float32Array.of(0, 0, 1) }]) };
    await expect(checkReceipt(noContracts, market, terms, other, signed)).to.be.rejectedWith("exchange");
  });
});

describe("receipt journal", function () {
  this.timeout(30_000);
  const receiptAt = (index: bigint, price: bigint): Receipt => ({
    session: 1n,
    index,
    modelId: NO_USES,
    exchange: id(`${index}`),
    unitsIn: 1n,
    unitsOut: 1n,
    price,
    usesRoot: NO_USES,
    deadline: 1n,
  });
  const signedAt = (index: bigint, price: bigint) => ({
    receipt: receiptAt(index, price),
    salt: NO_USES,
    signature: "0x",
  });

  it("adds up, proves every receipt under every root, and is the same after a restart", async function () {
    this.timeout(30_000);
    const prices = fc.array(fc.bigInt({ min: 0n, max: 1n << 100n }), { minLength: 1, maxLength: 20 });
    const store = openLmdbStore(temporaryDirectory());
    let session = 0n;
    await fc.assert(
      fc.asyncProperty(prices, async (list) => {
        const journal = await ReceiptJournal.open(store, market, ++session);
        for (const [index, price] of list.entries()) {
          expect(await journal.append(signedAt(BigInt(index), price), NO_USES, NO_USES)).to.equal(true);
        }
        const again = await ReceiptJournal.open(store, market, session);
        expect(again.sums).to.deep.equal(journal.sums);
        expect(again.sums.amount).to.equal(list.reduce((sum, price) => sum + price, 0n));
        for (let count = 1; count <= list.length; count++) {
          const { root } = (await again.sumsAt(BigInt(count)))!;
          const indices = Array.from({ length: count }, (_, index) => BigInt(index));
          for (const { entry, proof } of await again.prove(BigInt(count), indices)) {
            const path = proof.map((node) => Buffer.from(node.slice(2), "hex"));
            const leaf = receiptLeaf(receiptDigest(market, entry.receipt));
            const rootBytes = Buffer.from(root.slice(2), "hex");
            expect(MountainRange.verify(leaf, Number(entry.receipt.index), count, rootBytes, path)).to.equal(
              true,
            );
          }
        }
        expect(await again.sumsAt(BigInt(list.length) + 1n)).to.equal(undefined);
      }),
      { numRuns: 15 },
    );
    await store.close();
  });

  it("never takes a second receipt for one index, also from another process's hands", async () => {
    const store = openLmdbStore(temporaryDirectory());
    const [one, two] = await Promise.all([1, 2].map(() => ReceiptJournal.open(store, market, 1n)));
    expect(await one!.append(signedAt(0n, 5n), NO_USES, NO_USES)).to.equal(true);
    expect(await two!.append(signedAt(0n, 6n), NO_USES, NO_USES)).to.equal(false);
    expect(two!.isStale).to.equal(true);
    expect(await one!.append(signedAt(0n, 5n), NO_USES, NO_USES)).to.equal(false);
    expect(await one!.append(signedAt(2n, 5n), NO_USES, NO_USES)).to.equal(false);
    expect((await ReceiptJournal.open(store, market, 1n)).sums.amount).to.equal(5n);
    await store.close();
  });
});
