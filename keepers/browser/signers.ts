import { BaseWallet, getAddress, type Provider, type Signer, SigningKey } from "ethers";
import type { KeySigner } from "../runtime/keys/signer.ts";

/** Any signer of ethers as one of ours: a wallet behind `BrowserProvider`, or a key in memory. */
export async function keySignerOf(signer: Signer): Promise<KeySigner> {
  return {
    address: getAddress(await signer.getAddress()),
    signTypedData: (domain, types, value) => signer.signTypedData(domain, types, value),
    signTransaction: (transaction) => signer.signTransaction(transaction),
  };
}

/** A key in memory, as ethers has it: its `Wallet` without the files that keys are kept in, which a page has no use for. */
export function walletOf(privateKey: string, provider: Provider): Signer {
  return new BaseWallet(new SigningKey(privateKey), provider);
}
