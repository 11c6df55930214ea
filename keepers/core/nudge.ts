import type { JsonRpcProvider } from "ethers";
import { isError } from "ethers";
import { nodeMessage } from "../runtime/transactions/reverts.ts";
import type { TransactionSender } from "../runtime/transactions/sender.ts";

/**
 * Makes a chain that mines only when it is given a transaction reach a block that somebody waits for. A chain whose head
 * moves by itself is left alone.
 */
export class Nudger {
  readonly #provider: JsonRpcProvider;
  readonly #transactions: TransactionSender;
  #lastHead = -1;
  #canMine = true;

  constructor(provider: JsonRpcProvider, transactions: TransactionSender) {
    this.#provider = provider;
    this.#transactions = transactions;
  }

  /** One block at most, and none when the head has moved since the last look. */
  async toward(target: bigint): Promise<void> {
    const head = Number(await this.#provider.send("eth_blockNumber", []));
    const stands = head === this.#lastHead;
    this.#lastHead = head;
    if (BigInt(head) >= target || !stands) return;
    if (this.#canMine) await this.#mine();
    else await this.#sendNothing(head);
  }

  async #mine(): Promise<void> {
    try {
      await this.#provider.send("evm_mine", []);
    } catch (error) {
      if (!isUnknownMethod(error)) throw error;
      this.#canMine = false;
    }
  }

  /** A transaction to oneself: a node without evm_mine makes a block for it. */
  async #sendNothing(head: number): Promise<void> {
    const { address } = this.#transactions;
    await this.#transactions.send({ key: `beacon/nudge/${head}`, to: address, data: "0x" });
  }
}

function isUnknownMethod(error: unknown): boolean {
  if (isError(error, "UNSUPPORTED_OPERATION")) return true;
  return /method.*(not (found|supported|available|exist)|does not exist)|unknown method/i.test(
    nodeMessage(error),
  );
}
