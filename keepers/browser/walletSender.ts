import type { Interface, JsonRpcApiProvider, Signer, TransactionReceipt } from "ethers";
import { FatalError, RetryableError } from "../runtime/errors.ts";
import { KeyedLock } from "../runtime/keyedLock.ts";
import { pause } from "../runtime/pause.ts";
import { createRecords, plainFormat, type Records } from "../runtime/store/records.ts";
import type { Store } from "../runtime/store/store.ts";
import { TransactionRevertedError } from "../runtime/transactions/errors.ts";
import { checkJob, checkSameCall, digestOf } from "../runtime/transactions/jobs.ts";
import { decodeRevert } from "../runtime/transactions/reverts.ts";
import type { TransactionJob, TransactionSender } from "../runtime/transactions/sender.ts";
import { explainRevert, simulate } from "../runtime/transactions/simulate.ts";

export interface WalletSenderOptions {
  /** Of the chain that is looked at; the wallet may have another. */
  readonly provider: JsonRpcApiProvider;
  /** Asks its owner, chooses fees and nonce, and sends. */
  readonly wallet: Signer;
  readonly address: string;
  /** Remembers what was sent. */
  readonly store: Store;
  /** Interfaces whose custom errors name a revert. */
  readonly errors?: readonly Interface[];
  readonly pollMs?: number;
}

interface Sent {
  readonly digest: string;
  readonly hash: string;
}

const POLL_MS = 1_000;
/** What wallets call a transaction that their owner refused. */
const REFUSED = "ACTION_REJECTED";

/**
 * Sends through a wallet that signs and sends itself, as those in browsers do: fees, nonce and replacing are its business. A key
 * is sent again only when what was sent has reverted; what a wallet has sent while the page was closed, it can't know.
 */
export class WalletSender implements TransactionSender {
  readonly address: string;
  readonly #options: WalletSenderOptions;
  readonly #sent: Records<Sent>;
  readonly #sending = new KeyedLock();
  readonly #closed = new AbortController();

  constructor(options: WalletSenderOptions) {
    this.address = options.address;
    this.#options = options;
    this.#sent = createRecords<Sent>(options.store, "sent/", plainFormat());
  }

  async send(job: TransactionJob, signal?: AbortSignal): Promise<TransactionReceipt> {
    checkJob(job);
    const both = AbortSignal.any([this.#closed.signal, ...(signal ? [signal] : [])]);
    const hash = await this.#sending.run(job.key, () => this.#offer(job, both));
    const receipt = await this.#receipt(hash, both);
    if (receipt.status === 1) return receipt;
    await this.#sent.delete(job.key);
    const { provider, errors = [] } = this.#options;
    const data = await explainRevert(provider, this.address, job, receipt.gasUsed, receipt.blockNumber);
    throw new TransactionRevertedError(job, decodeRevert(data, errors), receipt.hash);
  }

  async knows(key: string): Promise<boolean> {
    return (await this.#sent.get(key)) !== undefined;
  }

  async close(): Promise<void> {
    this.#closed.abort(new RetryableError("transactions/closed", "The transaction sender is closed."));
  }

  async #offer(job: TransactionJob, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const known = await this.#sent.get(job.key);
    if (known !== undefined) {
      checkSameCall(job, known);
      return known.hash;
    }
    const { provider, wallet, errors = [] } = this.#options;
    const gasLimit = await simulate(provider, this.address, job, errors);
    const { to, data, value = 0n } = job;
    const { hash } = await wallet.sendTransaction({ to, data, value, gasLimit }).catch((error: unknown) => {
      throw trouble(job, error);
    });
    await this.#sent.put(job.key, { digest: digestOf(job), hash });
    return hash;
  }

  async #receipt(hash: string, signal: AbortSignal): Promise<TransactionReceipt> {
    const { provider, pollMs = POLL_MS } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt;
      await pause(pollMs, signal);
    }
  }
}

function trouble(job: TransactionJob, cause: unknown): FatalError | RetryableError {
  if ((cause as { readonly code?: unknown }).code === REFUSED)
    return new FatalError(
      "transactions/refused",
      `The wallet's owner refused ${job.key}.`,
      { key: job.key },
      cause,
    );
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RetryableError(
    "transactions/wallet-trouble",
    `The wallet did not send ${job.key}: ${reason.slice(0, 200)}`,
    { key: job.key },
    cause,
  );
}
