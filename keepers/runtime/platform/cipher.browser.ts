import { FatalError } from "../errors.ts";
import type { Cipher } from "./aead.ts";

type Plain = Uint8Array<ArrayBuffer>;

/** As cipher.ts, by WebCrypto: the browser's own code, on the processor's instructions. */
export function createCipher(key: Uint8Array): Cipher {
  let imported: ReturnType<typeof crypto.subtle.importKey> | undefined;
  const keyOf = () => {
    imported ??= subtle().importKey("raw", key as Plain, "AES-GCM", false, ["encrypt", "decrypt"]);
    return imported;
  };
  const rules = (iv: Uint8Array, additionalData: Uint8Array) =>
    ({ name: "AES-GCM", iv: iv as Plain, additionalData: additionalData as Plain }) as const;
  return {
    async seal(nonce, plain, associated) {
      const sealed = await subtle().encrypt(rules(nonce, associated), await keyOf(), plain as Plain);
      return new Uint8Array(sealed);
    },
    async open(nonce, sealed, associated) {
      const key = await keyOf();
      try {
        return new Uint8Array(await subtle().decrypt(rules(nonce, associated), key, sealed as Plain));
      } catch {
        return undefined;
      }
    },
  };
}

function subtle(): typeof crypto.subtle {
  if (globalThis.crypto?.subtle !== undefined) return crypto.subtle;
  throw new FatalError(
    "storage/insecure-page",
    "a browser encrypts only on pages that came over https, or from localhost",
  );
}
