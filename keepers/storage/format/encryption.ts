import { FatalError } from "../../runtime/errors.ts";
import type { Cipher } from "../../runtime/platform/aead.ts";
import { concatBytes, hexOf, utf8, viewOf, zeros } from "../../runtime/platform/bytes.ts";
import { createCipher } from "../../runtime/platform/cipher.ts";
import { freshBytes, hkdfSha256, hmacSha256, sha256Of } from "../../runtime/platform/hashes.ts";

/*
 * An encrypted object: "MYEC", version u16 = 1, zero u16, key id (16), salt (32); then chunks of 64 KiB of plaintext, the
 * last of 1 byte to 64 KiB, each as AES-256-GCM ciphertext and tag (16). Key and nonce prefix (7) of an object are
 * HKDF-SHA256 of the owner's key and the salt, so one key serves any number of objects. The nonce of a chunk is
 * prefix || index u32 || 1 for the last chunk, else 0 (STREAM): order and end are authenticated, and any chunk opens alone.
 * The header is every chunk's associated data.
 */

export const KEY_BYTES = 32;
/** Plaintext of a chunk, bytes. */
export const CHUNK_BYTES = 64 * 1024;
export const ENCRYPTION_HEADER_BYTES = 56;

const MAGIC = 0x4d_59_45_43; // "MYEC"
const VERSION = 1;
const KEY_ID_BYTES = 16;
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const PREFIX_BYTES = 7;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const MAX_CHUNKS = 2 ** 32;

/** Tells keys apart without telling them. */
export function keyId(key: Uint8Array): Uint8Array {
  checkKey(key);
  return sha256Of([utf8("mycelia storage key"), key]).subarray(0, KEY_ID_BYTES);
}

/** Bytes of an object of `plainBytes` once it is encrypted. */
export function sealedBytes(plainBytes: number): number {
  return ENCRYPTION_HEADER_BYTES + plainBytes + chunksOf(plainBytes) * TAG_BYTES;
}

/** Bytes of what is inside. @throws FatalError storage/not-authentic when no object has this many bytes */
export function plainBytes(sealed: number): number {
  const body = sealed - ENCRYPTION_HEADER_BYTES;
  const chunks = Math.ceil(body / SEALED_CHUNK_BYTES);
  const plain = body - chunks * TAG_BYTES;
  if (plain > 0 && sealedBytes(plain) === sealed) return plain;
  throw notAuthentic(`no encrypted object has ${sealed} bytes`);
}

/** A salt for one object; see `encrypt`. */
export function newSalt(): Uint8Array {
  return freshBytes(SALT_BYTES);
}

/**
 * A salt that is the same for the same bytes under a key, and tells who lacks the key nothing about them but that they are the
 * same: HMAC-SHA-256(key, "mycelia storage salt" || SHA-256(bytes)).
 */
export function saltOfContent(key: Uint8Array, pieces: Iterable<Uint8Array>): Uint8Array {
  checkKey(key);
  return hmacSha256(key, utf8("mycelia storage salt"), sha256Of(pieces));
}

/**
 * Encrypts an object; holds one chunk.
 * @param salt fresh unless given. One salt may serve the same bytes again, so that they get the same name; never others.
 * FatalError storage/bad-key, storage/empty-object
 */
export async function* encrypt(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  key: Uint8Array,
  salt: Uint8Array = newSalt(),
): AsyncGenerator<Uint8Array> {
  const header = newHeader(key, salt);
  const chunks = chunkKeysOf(header, key);
  yield header;
  let index = 0;
  for await (const { bytes, last } of cut(source, CHUNK_BYTES)) {
    if (index === MAX_CHUNKS) throw new FatalError("storage/object-too-large", "2^32 chunks are the most");
    yield await chunks.seal(index++, last, bytes);
  }
  if (index === 0)
    throw new FatalError("storage/empty-object", "there is nothing to encrypt: the input is empty");
}

/** Decrypts a whole object as it comes. @throws FatalError storage/wrong-key, storage/not-authentic, storage/bad-key */
export async function* decrypt(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  key: Uint8Array,
): AsyncGenerator<Uint8Array> {
  let opener: Decryptor | undefined;
  let index = 0;
  for await (const { bytes, last, header } of cutSealed(source)) {
    opener ??= new Decryptor(header, key);
    yield await opener.open(index++, last, bytes);
  }
  if (index === 0) throw notAuthentic("it ends before its first chunk");
}

/** Which sealed bytes hold a range of the plaintext, and where the range starts in what they decrypt to. */
export interface SealedRange {
  /** First chunk. */
  readonly index: number;
  readonly offset: number;
  readonly length: number;
  /** Plaintext bytes to leave out at the start. */
  readonly skip: number;
}

/** @param sealed bytes of the whole object; the range lies inside its plaintext and is not empty */
export function sealedRange(offset: number, length: number, sealed: number): SealedRange {
  const plain = plainBytes(sealed);
  if (offset < 0 || length < 1 || offset + length > plain)
    throw new FatalError(
      "storage/bad-range",
      `bytes ${offset} to ${offset + length} are not in an object of ${plain} bytes`,
      { offset, length, size: plain },
    );
  const index = Math.floor(offset / CHUNK_BYTES);
  const end = Math.ceil((offset + length) / CHUNK_BYTES);
  const start = ENCRYPTION_HEADER_BYTES + index * SEALED_CHUNK_BYTES;
  const stop = Math.min(ENCRYPTION_HEADER_BYTES + end * SEALED_CHUNK_BYTES, sealed);
  return { index, offset: start, length: stop - start, skip: offset - index * CHUNK_BYTES };
}

/** Opens chunks of one object in any order. */
export class Decryptor {
  readonly #keys: ChunkKeys;

  /** @throws FatalError storage/not-authentic, storage/wrong-key, storage/bad-key */
  constructor(header: Uint8Array, key: Uint8Array) {
    checkHeader(header, key);
    this.#keys = chunkKeysOf(header, key);
  }

  /** @throws FatalError storage/not-authentic unless this is the sealed chunk `index`, and the last one if so said */
  async open(index: number, last: boolean, sealed: Uint8Array): Promise<Uint8Array> {
    return await this.#keys.open(index, last, sealed);
  }

  /** Opens consecutive sealed chunks, such as those of `sealedRange`, of an object of `sealed` bytes. */
  async openRun(first: number, run: Uint8Array, sealed: number): Promise<Uint8Array> {
    const chunks = chunksOf(plainBytes(sealed));
    const parts: Uint8Array[] = [];
    for (let at = 0; at < run.length; at += SEALED_CHUNK_BYTES) {
      const index = first + parts.length;
      parts.push(await this.open(index, index === chunks - 1, run.subarray(at, at + SEALED_CHUNK_BYTES)));
    }
    return concatBytes(parts);
  }
}

interface ChunkKeys {
  seal(index: number, last: boolean, plain: Uint8Array): ReturnType<Cipher["seal"]>;
  open(index: number, last: boolean, sealed: Uint8Array): Promise<Uint8Array>;
}

function chunkKeysOf(header: Uint8Array, key: Uint8Array): ChunkKeys {
  const salt = header.subarray(ENCRYPTION_HEADER_BYTES - SALT_BYTES);
  const own = hkdfSha256(key, salt, utf8("mycelia storage object"), KEY_BYTES + PREFIX_BYTES);
  const cipher = createCipher(own.subarray(0, KEY_BYTES));
  const nonce = (index: number, last: boolean): Uint8Array => {
    const bytes = zeros(12);
    bytes.set(own.subarray(KEY_BYTES), 0);
    viewOf(bytes).setUint32(PREFIX_BYTES, index);
    bytes[11] = last ? 1 : 0;
    return bytes;
  };
  return {
    seal: (index, last, plain) => cipher.seal(nonce(index, last), plain, header),
    async open(index, last, sealed) {
      if (sealed.length <= TAG_BYTES || sealed.length > SEALED_CHUNK_BYTES)
        throw notAuthentic(`chunk ${index} has ${sealed.length} bytes`);
      const plain = await cipher.open(nonce(index, last), sealed, header);
      if (plain !== undefined) return plain;
      throw notAuthentic(`chunk ${index} was changed, moved, or the object was cut off`);
    },
  };
}

function newHeader(key: Uint8Array, salt: Uint8Array): Uint8Array {
  if (salt.length !== SALT_BYTES)
    throw new FatalError("storage/bad-key", `a salt has ${SALT_BYTES} bytes, not ${salt.length}`);
  const header = zeros(ENCRYPTION_HEADER_BYTES);
  const view = viewOf(header);
  view.setUint32(0, MAGIC);
  view.setUint16(4, VERSION);
  header.set(keyId(key), 8);
  header.set(salt, 8 + KEY_ID_BYTES);
  return header;
}

function checkHeader(header: Uint8Array, key: Uint8Array): void {
  const view = viewOf(header);
  if (header.length !== ENCRYPTION_HEADER_BYTES || view.getUint32(0) !== MAGIC)
    throw notAuthentic("it does not start with the header of an encrypted object");
  if (view.getUint16(4) !== VERSION || view.getUint16(6) !== 0)
    throw notAuthentic(`version ${view.getUint16(4)}, known is ${VERSION}`);
  const found = header.subarray(8, 8 + KEY_ID_BYTES);
  const [wanted, given] = [hexOf(found), hexOf(keyId(key))];
  if (wanted === given) return;
  throw new FatalError(
    "storage/wrong-key",
    `the object is encrypted to the key with id ${wanted}, the key given has id ${given}`,
    { wanted, given },
  );
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Cuts a source into pieces of `size`; whether one is the last is known once its successor is. */
async function* cut(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
): AsyncGenerator<Piece> {
  let piece = zeros(size);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === size) {
        yield { bytes: piece, last: false };
        piece = zeros(size);
        filled = 0;
      }
      const taken = Math.min(chunk.length - at, size - filled);
      piece.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
    }
  }
  if (filled > 0) yield { bytes: piece.subarray(0, filled), last: true };
}

/** The chunks behind the header. @throws FatalError storage/not-authentic when the source ends inside the header */
async function* cutSealed(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Piece & { readonly header: Uint8Array }> {
  const header = zeros(ENCRYPTION_HEADER_BYTES);
  let filled = 0;
  async function* behindHeader() {
    for await (const chunk of source) {
      const taken = Math.min(chunk.length, ENCRYPTION_HEADER_BYTES - filled);
      header.set(chunk.subarray(0, taken), filled);
      filled += taken;
      if (taken < chunk.length) yield chunk.subarray(taken);
    }
  }
  for await (const piece of cut(behindHeader(), SEALED_CHUNK_BYTES)) yield { ...piece, header };
  if (filled < ENCRYPTION_HEADER_BYTES) throw notAuthentic("it ends inside its header");
}

function chunksOf(plain: number): number {
  return Math.ceil(plain / CHUNK_BYTES);
}

function checkKey(key: Uint8Array): void {
  if (key.length === KEY_BYTES) return;
  throw new FatalError("storage/bad-key", `a key has ${KEY_BYTES} bytes, not ${key.length}`);
}

function notAuthentic(reason: string): FatalError {
  return new FatalError("storage/not-authentic", `not what was encrypted: ${reason}`, { reason });
}
