import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Checksum } from "../../names/names.ts";
import { Crc32c } from "./crc32c.ts";
import { Crc64Nvme } from "./crc64.ts";

export type ChecksumAlgorithm = Checksum["algorithm"];

/** What is fed with a body's bytes and then says one value; it is asked once. */
export interface Digest {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

/** Algorithms of S3's checksums, and the bytes of each. */
export const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

export const CHECKSUM_ALGORITHMS = Object.keys(CHECKSUM_BYTES) as ChecksumAlgorithm[];

export function createDigest(algorithm: ChecksumAlgorithm | "md5"): Digest {
  if (algorithm === "crc32") return new Crc32();
  if (algorithm === "crc32c") return new Crc32c();
  if (algorithm === "crc64nvme") return new Crc64Nvme();
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

class Crc32 implements Digest {
  #crc = 0;

  update(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
  }

  digest(): Buffer {
    const digest = Buffer.alloc(4);
    digest.writeUInt32BE(this.#crc);
    return digest;
  }
}
