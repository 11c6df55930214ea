import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Cipher } from "./aead.ts";
import { concatBytes } from "./bytes.ts";

const TAG_BYTES = 16;

export function createCipher(key: Uint8Array): Cipher {
  return {
    seal(nonce, plain, associated) {
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(associated);
      return concatBytes([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(nonce, sealed, associated) {
      const end = sealed.length - TAG_BYTES;
      const tag = { authTagLength: TAG_BYTES };
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, tag).setAAD(associated);
      decipher.setAuthTag(sealed.subarray(end));
      const plain = decipher.update(sealed.subarray(0, end));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return plain;
    },
  };
}
