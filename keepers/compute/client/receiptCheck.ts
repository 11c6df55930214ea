import type { Provider } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import type { SessionTerms } from "../chainReads.ts";
import { bodyDigest, exchangeOf, type Market, receiptDigest, type SignedReceipt } from "../receipts.ts";
import { isSignedBy } from "../signatures.ts";
import { countUnits, type Tensor } from "../tensors.ts";

/** One exchange as the client saw it. */
export interface Exchange {
  readonly index: bigint;
  readonly request: Uint8Array;
  readonly inputs: readonly Tensor[];
  readonly response: Uint8Array;
  readonly outputs: readonly Tensor[];
}

/**
 * Whether a receipt says what was agreed and what was exchanged, and binds the provider to it.
 * @throws FatalError compute/bad-receipt naming the field that is wrong
 */
export async function checkReceipt(
  provider: Provider,
  market: Market,
  terms: SessionTerms,
  exchange: Exchange,
  signed: SignedReceipt,
): Promise<void> {
  const { receipt, salt, signature } = signed;
  const unitsIn = BigInt(countUnits(exchange.inputs));
  const digests = [bodyDigest(exchange.request), bodyDigest(exchange.response)] as const;
  const agreed = {
    session: terms.id,
    index: exchange.index,
    modelId: terms.modelId,
    exchange: exchangeOf(...digests, salt),
    unitsIn,
    unitsOut: BigInt(countUnits(exchange.outputs)),
    price: unitsIn * terms.unitPrice,
  };
  for (const [field, wanted] of Object.entries(agreed)) {
    const found = receipt[field as keyof typeof agreed];
    if (found !== wanted) throw badReceipt(field, String(wanted), String(found));
  }
  if (receipt.deadline < terms.claimBefore) {
    throw badReceipt("deadline", `${terms.claimBefore} or later`, String(receipt.deadline));
  }
  if (!(await isSignedBy(provider, terms.receiptSigner, receiptDigest(market, receipt), signature))) {
    throw badReceipt("signature", `by ${terms.receiptSigner}`, "by somebody else");
  }
}

function badReceipt(field: string, wanted: string, found: string): FatalError {
  return new FatalError(
    "compute/bad-receipt",
    `The receipt's ${field} should be ${wanted} and is ${found}.`,
    {
      field,
      wanted,
      found,
    },
  );
}
