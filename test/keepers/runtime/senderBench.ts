import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { openTransactionSender } from "../../../keepers/runtime/transactions/lane.ts";
import type { SenderOptions } from "../../../keepers/runtime/transactions/options.ts";
import type { TransactionSender } from "../../../keepers/runtime/transactions/sender.ts";
import type { TestChain } from "./chains.ts";
import { temporaryDirectory } from "./temporary.ts";
import { deployToken, type MintingKey } from "./token.ts";

export interface Bench {
  chain: TestChain;
  minting: MintingKey;
  store: Store;
  open(options?: Partial<SenderOptions>): Promise<TransactionSender>;
  supply(): Promise<bigint>;
}

/** A chain with a token on it, and senders of its minter, all on one journal a test. */
export function setUpBench(start: () => Promise<TestChain>): Bench {
  const bench = {} as Bench;
  const root = openLmdbStore(temporaryDirectory());
  let opened: TransactionSender[] = [];
  let journals = 0;

  before(async () => {
    bench.chain = await start();
    bench.supply = async () => await bench.minting.token.totalSupply();
    bench.open = async (options) => {
      const sender = await openTransactionSender({
        provider: bench.chain.provider,
        signer: bench.minting.signer,
        store: bench.store,
        chainId: 31_337,
        errors: [bench.minting.token.interface],
        pollMs: 30,
        ...options,
      });
      opened.push(sender);
      return sender;
    };
  });

  beforeEach(async () => {
    bench.minting = await deployToken(bench.chain.provider);
    bench.store = root.under(`${++journals}/`);
  });

  afterEach(async () => {
    for (const sender of opened) await sender.close();
    opened = [];
  });

  after(() => bench.chain.stop());
  return bench;
}
