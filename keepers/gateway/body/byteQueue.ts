import { Refusal } from "../refusal.ts";

const NEW_LINE = 0x0a;
const RETURN = 0x0d;

/** Bytes that are taken off the front of a source, as lines or as they come. */
export class ByteQueue {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** Some bytes, at most so many. @throws Refusal IncompleteBody at the end */
  async take(most: number): Promise<Uint8Array> {
    await this.#require();
    const taken = this.#piece.subarray(0, most);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  /** A line without its end (CR LF). @throws Refusal IncompleteBody, InvalidRequest when it is too long */
  async line(maxBytes: number): Promise<string> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      await this.#require();
      const end = this.#piece.indexOf(NEW_LINE);
      const part = await this.take(end < 0 ? this.#piece.length : end + 1);
      parts.push(part);
      length += part.length;
      if (length > maxBytes) throw badLine();
      if (end >= 0) break;
    }
    const line = Buffer.concat(parts);
    if (line.at(-2) !== RETURN) throw badLine();
    return line.toString("latin1", 0, line.length - 2);
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #require(): Promise<void> {
    if (!(await this.#fill())) throw new Refusal("IncompleteBody", "the body ends before its last chunk");
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return false;
      this.#piece = next.value;
    }
    return true;
  }
}

function badLine(): Refusal {
  return new Refusal("InvalidRequest", "the body is not aws-chunked: a line is too long, or has no end");
}
