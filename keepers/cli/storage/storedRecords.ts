import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { createRecords, plainFormat } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { PublishedBatch } from "../../storage/client.ts";
import { encodeBatch, layOut, parseBatch } from "../../storage/format/batch.ts";
import { newSalt } from "../../storage/format/encryption.ts";

/** Something that this person has stored. */
export interface StoredRecord {
  /** 0x-hex. */
  readonly objectRoot: string;
  /** Path as it was given. */
  readonly path: string;
  /** Bytes that are stored; of a directory, of its list. */
  readonly size: number;
  readonly directory: boolean;
  readonly encrypted: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Batches of the log that it lies in. */
  readonly batches: readonly bigint[];
}

/** What a person has stored, and what proving it takes. */
export interface StoredRecords {
  note(record: StoredRecord, batches: readonly PublishedBatch[]): Promise<void>;
  /** @param objectRoot 0x-hex */
  get(objectRoot: string): Promise<StoredRecord | undefined>;
  all(): AsyncIterable<StoredRecord>;
  /** Contents of a batch that this person has published. */
  contentsOf(id: bigint): Promise<PublishedBatch["contents"] | undefined>;
  /**
   * Salt to encrypt a file with: the same for the same bytes, so that a put that was cut off goes on; what says that they are
   * the same is the file's place and its times, the one that nobody can set included.
   */
  saltOf(file: BigIntStats, keyId: Uint8Array): Promise<Uint8Array>;
}

export function createStoredRecords(store: Store): StoredRecords {
  const view = store.under("files/");
  const records = createRecords<StoredRecord>(view, "stored/", plainFormat());
  const contents = view.under("contents/");
  const salts = view.under("salts/");
  return {
    async note(record, batches) {
      for (const { id, contents: segments } of batches)
        await contents.put(id.toString(), encodeBatch(segments));
      await records.put(record.objectRoot, record);
    },
    get: (objectRoot) => records.get(objectRoot.toLowerCase()),
    async *all() {
      for await (const [, record] of records.scan()) yield record;
    },
    async contentsOf(id) {
      const bytes = await contents.get(id.toString());
      return bytes && layOut(parseBatch(bytes)).segments;
    },
    async saltOf({ dev, ino, size, mtimeNs, ctimeNs }, keyId) {
      const facts = [dev, ino, size, mtimeNs, ctimeNs, Buffer.from(keyId).toString("hex")].join("/");
      const key = createHash("sha256").update(facts).digest("hex");
      const known = await salts.get(key);
      if (known !== undefined) return known;
      const salt = newSalt();
      await salts.put(key, salt);
      return salt;
    },
  };
}
