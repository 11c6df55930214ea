import type { TransactionRequest, TypedDataDomain, TypedDataField } from "ethers";

/** A key that can sign; where it lives (keystore file, remote signer) is nobody's business but the factory's. */
export interface KeySigner {
  readonly address: string;
  signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string>;
  signTransaction(transaction: TransactionRequest): Promise<string>;
}
