import type { IncomingMessage } from "node:http";
import { Refusal } from "../refusal.ts";

export interface BodyLimits {
  /** Bytes on the wire at most. */
  readonly maxBytes: number;
  /** How long a peer may keep us waiting for bytes in all before its speed counts, milliseconds. */
  readonly graceMs: number;
  /** Bytes a second that it has to send after that. */
  readonly leastRate: number;
}

/** A request's body as it comes; nothing is read ahead of who asks for it, so a slow store slows the sender. */
export class BodyReader {
  readonly #raw: IncomingMessage;
  readonly #limits: BodyLimits;
  #bytes = 0;
  #waitedMs = 0;

  constructor(raw: IncomingMessage, limits: BodyLimits) {
    this.#raw = raw;
    this.#limits = limits;
  }

  /** @throws Refusal EntityTooLarge, RequestTimeout, IncompleteBody */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      // All that has come, in one piece: a body in tiny ones is not dearer than another.
      const piece = this.#raw.read() as Buffer | null;
      if (piece !== null) {
        this.#bytes += piece.length;
        if (this.#bytes > this.#limits.maxBytes) throw tooLarge(this.#limits.maxBytes);
        yield piece;
      } else if (this.#raw.readableEnded) return;
      else if (this.#raw.destroyed) throw brokenOff();
      else await this.#wait();
    }
  }

  async #wait(): Promise<void> {
    const { graceMs, leastRate } = this.#limits;
    const earnedMs = (1000 * this.#bytes) / leastRate;
    const leftMs = graceMs + earnedMs - this.#waitedMs;
    const started = performance.now();
    const raw = this.#raw;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onBroken = () => reject(brokenOff());
    const timer = setTimeout(() => reject(tooSlow()), Math.max(0, leftMs));
    const events = { readable: resolve, end: resolve, error: onBroken, close: onBroken };
    for (const [event, listener] of Object.entries(events)) raw.once(event, listener);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      for (const [event, listener] of Object.entries(events)) raw.off(event, listener);
      this.#waitedMs += performance.now() - started;
    }
  }
}

export function tooLarge(maxBytes: number): Refusal {
  return new Refusal("EntityTooLarge", `the body is larger than the ${maxBytes} bytes taken here`, {
    maxBytes,
  });
}

function brokenOff(): Refusal {
  return new Refusal("IncompleteBody", "the connection broke off in the body");
}

function tooSlow(): Refusal {
  return new Refusal("RequestTimeout", "the body hardly moves, so it is not waited for any longer");
}
