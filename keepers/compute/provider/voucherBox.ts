import type { Provider } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { SessionTerms } from "../chainReads.ts";
import { padded, type ReceiptJournal } from "../receiptJournal.ts";
import type { Market } from "../receipts.ts";
import { isSignedBy } from "../signatures.ts";
import { type SignedVoucher, voucherDigest } from "../vouchers.ts";

/** The newest good voucher of each session. */
export class VoucherBox {
  readonly #records: Records<SignedVoucher>;
  readonly #market: Market;
  readonly #provider: Provider;

  constructor(store: Store, market: Market, provider: Provider) {
    this.#records = createRecords(store, "vouchers/", plainFormat());
    this.#market = market;
    this.#provider = provider;
  }

  newest(session: bigint): Promise<SignedVoucher | undefined> {
    return this.#records.get(padded(session));
  }

  /**
   * Keeps a voucher when it is newer than the one kept. It must say exactly what the receipts add up to.
   * @throws FatalError compute/wrong-session, compute/voucher-mismatch, compute/bad-signature
   */
  async accept(terms: SessionTerms, journal: ReceiptJournal, signed: SignedVoucher): Promise<void> {
    const { voucher, signature } = signed;
    if (voucher.session !== terms.id) {
      throw new FatalError(
        "compute/wrong-session",
        `The voucher is for session ${voucher.session}, not ${terms.id}.`,
        {
          session: terms.id,
          voucherSession: voucher.session,
        },
      );
    }
    const kept = await this.newest(terms.id);
    if (kept !== undefined && kept.voucher.receipts >= voucher.receipts) return;
    const sums = await journal.sumsAt(voucher.receipts);
    if (sums === undefined || sums.amount !== voucher.amount || sums.root !== voucher.receiptsRoot) {
      throw new FatalError(
        "compute/voucher-mismatch",
        `The voucher over ${voucher.receipts} receipts does not say what they add up to.`,
        { receipts: voucher.receipts, amount: sums?.amount, root: sums?.root, held: journal.sums.receipts },
      );
    }
    const digest = voucherDigest(this.#market, voucher);
    if (!(await isSignedBy(this.#provider, terms.voucherSigner, digest, signature))) {
      throw new FatalError("compute/bad-signature", `The voucher is not signed by ${terms.voucherSigner}.`, {
        expected: terms.voucherSigner,
      });
    }
    await this.#records.put(padded(terms.id), signed);
  }
}
