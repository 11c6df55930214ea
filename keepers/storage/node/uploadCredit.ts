import { FatalError } from "../../runtime/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";

/**
 * Bytes that an uploader may have stored before a batch on the storage log pays for them.
 * @param uploader lower-case address
 * @param fresh what is known was too little: asks whoever lends again
 */
export type CreditLimit = (uploader: string, fresh?: boolean) => Promise<number>;

/** Lets no uploader leave more unpaid than it is lent. */
export class UploadCredit {
  readonly #limitOf: CreditLimit;
  readonly #unpublished: (uploader: string) => Promise<number>;
  readonly #turns = new KeyedLock();
  readonly #reserved = new Map<string, number>();

  /** @param unpublished durable bytes of an uploader that no batch pays for */
  constructor(limitOf: CreditLimit, unpublished: (uploader: string) => Promise<number>) {
    this.#limitOf = limitOf;
    this.#unpublished = unpublished;
  }

  /** Runs `work`, which stores `bytes`, when the credit allows; what is paid for takes none. @throws FatalError storage/credit-exceeded */
  async spend<T>(uploader: string, bytes: number, work: () => Promise<T>): Promise<T> {
    if (bytes === 0) return await work();
    await this.#turns.run(uploader, () => this.#reserve(uploader, bytes));
    try {
      return await work();
    } finally {
      // In turn: whoever is being judged sees these bytes as reserved, or as stored.
      await this.#turns.run(uploader, async () => this.#release(uploader, bytes));
    }
  }

  async #reserve(uploader: string, bytes: number): Promise<void> {
    let [used, limit] = [0, 0];
    for (const fresh of [false, true]) {
      limit = await this.#limitOf(uploader, fresh);
      used = await this.#unpublished(uploader);
      const wanted = used + this.#reservedBy(uploader) + bytes;
      if (wanted > limit) continue;
      this.#reserved.set(uploader, wanted - used);
      return;
    }
    throw exceeded(uploader, bytes, used, limit);
  }

  #release(uploader: string, bytes: number): void {
    const left = this.#reservedBy(uploader) - bytes;
    if (left > 0) this.#reserved.set(uploader, left);
    else this.#reserved.delete(uploader);
  }

  #reservedBy(uploader: string): number {
    return this.#reserved.get(uploader) ?? 0;
  }
}

/** @throws FatalError storage/credit-exceeded when nobody lends the uploader anything */
export async function requireCredit(limitOf: CreditLimit, uploader: string): Promise<void> {
  if ((await limitOf(uploader)) > 0 || (await limitOf(uploader, true)) > 0) return;
  throw new FatalError(
    "storage/credit-exceeded",
    `${uploader} has no credit: bond for it (Bonds.allocate to StorageLog, storage.creditPerGiB wei for each GiB), then store`,
    { uploader, creditBytes: 0 },
  );
}

function exceeded(uploader: string, bytes: number, used: number, limit: number): FatalError {
  return new FatalError(
    "storage/credit-exceeded",
    `${bytes} bytes more would pass the credit of ${uploader}: ${used} of ${limit} bytes are stored and not published; publish them first, or bond more`,
    { uploader, bytes, unpublishedBytes: used, creditBytes: limit },
  );
}
