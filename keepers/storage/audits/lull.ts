import type { Moment } from "./auditReader.ts";

/**
 * The time after a look that found nothing to do: until a block comes or a window ends, another look would find the same, and needs
 * not be taken.
 */
export class Lull {
  #head: string | undefined;
  #until = 0n;

  /** @param ends last seconds of what may run out: windows, and the epoch; those in the past don't count */
  begin({ head, time, epoch, epochLength }: Moment, ends: readonly bigint[]): void {
    this.#head = head;
    this.#until = (epoch + 1n) * epochLength - 1n;
    for (const end of ends) if (end >= time && end < this.#until) this.#until = end;
  }

  end(): void {
    this.#head = undefined;
  }

  lasts({ head, time }: Moment): boolean {
    return head !== "" && head === this.#head && time <= this.#until;
  }
}
