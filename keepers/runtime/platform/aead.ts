/** AES-256-GCM under one key; the tag of 16 bytes stands behind the ciphertext. */
export interface Cipher {
  seal(nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** Undefined when these are not bytes that were sealed so. */
  open(
    nonce: Uint8Array,
    sealed: Uint8Array,
    associated: Uint8Array,
  ): Promise<Uint8Array | undefined> | Uint8Array | undefined;
}
