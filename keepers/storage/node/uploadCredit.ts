import { FatalError } from "../../runtime/errors.ts";

/** How many bytes each uploader may have stored before a batch on the storage log pays for them. */
export class UploadCredit {
  readonly #limit: number;
  readonly #unpublished: (uploader: string) => Promise<number>;
  readonly #reserved = new Map<string, number>();

  /** @param unpublished durable bytes of an uploader that no batch pays for */
  constructor(limitBytes: number, unpublished: (uploader: string) => Promise<number>) {
    this.#limit = limitBytes;
    this.#unpublished = unpublished;
  }

  /** Runs `work`, which stores `bytes`, when the credit allows. @throws FatalError storage/credit-exceeded */
  async spend<T>(uploader: string, bytes: number, work: () => Promise<T>): Promise<T> {
    this.#reserved.set(uploader, this.#reservedBy(uploader) + bytes);
    try {
      const used = await this.#unpublished(uploader);
      const wanted = used + this.#reservedBy(uploader);
      if (wanted > this.#limit) throw exceeded(uploader, bytes, used, this.#limit);
      return await work();
    } finally {
      const left = this.#reservedBy(uploader) - bytes;
      if (left > 0) this.#reserved.set(uploader, left);
      else this.#reserved.delete(uploader);
    }
  }

  #reservedBy(uploader: string): number {
    return this.#reserved.get(uploader) ?? 0;
  }
}

function exceeded(uploader: string, bytes: number, used: number, limit: number): FatalError {
  return new FatalError(
    "storage/credit-exceeded",
    `${bytes} bytes more would pass the credit of ${uploader}: ${used} of ${limit} bytes are stored and not published; publish them first`,
    { uploader, bytes, unpublishedBytes: used, creditBytes: limit },
  );
}
