import { getBytes, Wallet } from "ethers";
import { signRecoverable } from "tiny-secp256k1";
import { openKeystore } from "./keystore.ts";
import type { KeySigner } from "./signer.ts";
import { TypedDataHasher } from "./typedData.ts";

/** Of a signature's last byte. */
const V_OFFSET = 27;

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

/**
 * The wallet stays in the closure: printing or serialising the signer shows its address and nothing else. Typed data is signed
 * with every request and every receipt: by libsecp256k1, which makes the same signatures in a small part of the time.
 */
function signerOf(wallet: Wallet): KeySigner {
  const key = getBytes(wallet.privateKey);
  const hashers = new WeakMap<object, TypedDataHasher>();
  return {
    address: wallet.address,
    async signTypedData(domain, types, value) {
      const hasher = hashers.get(types) ?? new TypedDataHasher(types);
      hashers.set(types, hasher);
      const { signature, recoveryId } = signRecoverable(getBytes(hasher.digest(domain, value)), key);
      return `0x${Buffer.from(signature).toString("hex")}${(V_OFFSET + recoveryId).toString(16)}`;
    },
    signTransaction: (transaction) => wallet.signTransaction(transaction),
  };
}
