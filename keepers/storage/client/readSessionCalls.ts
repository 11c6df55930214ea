import type { StorageCallOptions } from "./clientTypes.ts";

/** A read session to open: one committee's members are paid out of it. */
export interface ReadSessionOrder {
  /** Number of the committee; the first when absent. */
  readonly committee?: number;
  /** Wei to lock; what isn't used comes back. */
  readonly budget: bigint;
  /** Seconds for which members serve, 90 days at most. */
  readonly duration: number;
}

/** What a client does with read sessions. */
export interface ReadSessionCalls {
  /**
   * Locks a budget for reads and pays with it from now on, wherever a member of its committee wants to be paid.
   * @param key the same key never opens a second session, whatever was cut off in between
   * @returns the session's number; a later client is given it as `readSessions`
   * @throws FatalError storage/no-signer; what the transaction sender throws
   */
  openReadSession(order: ReadSessionOrder, key: string, options?: StorageCallOptions): Promise<bigint>;
  /**
   * The session of an order that may have been cut off: waits for an opening that was sent, and sends none.
   * @returns undefined when nothing was sent, so that nothing is locked
   * @throws as `openReadSession`
   */
  findReadSession(
    order: ReadSessionOrder,
    key: string,
    options?: StorageCallOptions,
  ): Promise<bigint | undefined>;
  /** Wei that members can claim of a session at most: what its vouchers were signed for, all members together. */
  signedInReadSession(id: bigint): Promise<bigint>;
  /**
   * After the session's last claim: takes back what nobody has claimed, wei.
   * @throws FatalError storage/no-signer; what the transaction sender throws, before that time
   */
  closeReadSession(id: bigint, options?: StorageCallOptions): Promise<bigint>;
}
