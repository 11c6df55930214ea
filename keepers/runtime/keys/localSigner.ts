import { Wallet } from "ethers";
import { openKeystore } from "./keystore.ts";
import type { KeySigner } from "./signer.ts";

/** A signer whose key is read from a keystore file once and then lives in memory only. @throws as `openKeystore` */
export async function createKeystoreSigner(file: string, passwordFile: string): Promise<KeySigner> {
  return signerOf(await openKeystore(file, passwordFile));
}

/** A signer for tests and a devnet; a random key when none is given. */
export function createMemorySigner(privateKey?: string): KeySigner {
  return signerOf(
    privateKey === undefined ? new Wallet(Wallet.createRandom().privateKey) : new Wallet(privateKey),
  );
}

/** The wallet stays in the closure: printing or serialising the signer shows its address and nothing else. */
function signerOf(wallet: Wallet): KeySigner {
  return {
    address: wallet.address,
    signTypedData: (domain, types, value) => wallet.signTypedData(domain, types, value),
    signTransaction: (transaction) => wallet.signTransaction(transaction),
  };
}
