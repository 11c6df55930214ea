import type { Interface, JsonRpcApiProvider } from "ethers";
import type { KeySigner } from "../keys/signer.ts";
import type { Store } from "../store/store.ts";

/** Where a sender says what happens to it; any logger of ours. */
export type SenderLog = Readonly<Record<"debug" | "info" | "warn", (about: object, what: string) => void>>;

export interface SenderOptions {
  readonly provider: JsonRpcApiProvider;
  readonly signer: KeySigner;
  /** Where the journal is kept; of this key, chain and deployment alone. */
  readonly store: Store;
  readonly chainId: number;
  /** Interfaces whose custom errors name a revert. */
  readonly errors: readonly Interface[];
  /** Blocks on top of a transaction's block before it counts. */
  readonly confirmations: number;
  /** Most that is ever offered, wei per gas. */
  readonly maxFeePerGas: bigint;
  /** A transaction that no block has taken for so long is offered again for more, milliseconds. */
  readonly resubmitMs: number;
  /** How long `send` waits before it gives up waiting (not the transaction), milliseconds. */
  readonly timeoutMs: number;
  /** Longest pause between looks at the chain while something is in flight, milliseconds. */
  readonly pollMs: number;
  /** Transactions in flight at once. */
  readonly maxInFlight: number;
  readonly logger?: SenderLog;
}

export const DEFAULT_SENDER_OPTIONS = {
  errors: [],
  confirmations: 0,
  maxFeePerGas: 500_000_000_000n,
  resubmitMs: 30_000,
  timeoutMs: 300_000,
  pollMs: 1_000,
  maxInFlight: 16,
} as const satisfies Partial<SenderOptions>;
