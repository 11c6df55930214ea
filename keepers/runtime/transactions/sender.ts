import type { TransactionReceipt } from "ethers";

/** A call that must land exactly once. */
export interface TransactionJob {
  /** Identity made of chain facts ("audits/commit/7/0"): the same key never leads to a second transaction that lands. */
  readonly key: string;
  readonly to: string;
  readonly data: string;
  /** Wei sent along; 0 when absent. */
  readonly value?: bigint;
}

/** One queue for one key on one chain. */
export interface TransactionSender {
  readonly address: string;
  /**
   * Simulates, sends, re-prices after a deadline, and resolves with the receipt once it has the configured depth.
   * @throws TransactionRevertedError with the decoded custom error when simulation or execution reverts (not retryable).
   */
  send(job: TransactionJob, signal?: AbortSignal): Promise<TransactionReceipt>;
  /** Whether a job of this key was signed, here or in an earlier process, and has landed or still may. */
  knows(key: string): Promise<boolean>;
  close(): Promise<void>;
}
