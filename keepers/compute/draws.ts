import type { KeeperContext } from "../runtime/context.ts";
import type { ComputeContracts } from "./contracts.ts";
import { DRAW } from "./states.ts";

/** Sees to it that a draw is answered, should nobody else do it. */
export class Draws {
  readonly #context: Pick<KeeperContext, "provider" | "transactions">;
  readonly #contracts: ComputeContracts;
  readonly #graceMs: number;
  readonly #firstSeen = new Map<string, number>();

  /** @param graceMs how long others may be first, milliseconds */
  constructor(
    context: Pick<KeeperContext, "provider" | "transactions">,
    contracts: ComputeContracts,
    graceMs: number,
  ) {
    this.#context = context;
    this.#contracts = contracts;
    this.#graceMs = graceMs;
  }

  /** State of the draw, after doing for it what could be done now. */
  async attend(draw: bigint): Promise<number> {
    const [raw] = await this.#contracts.beacon.stateOf(draw);
    const state = Number(raw);
    if (state === DRAW.waiting) await this.#awaken(draw);
    if (state !== DRAW.ready || !this.#isDue(`ready/${draw}`)) return state;
    const data = this.#contracts.beacon.interface.encodeFunctionData("fulfil", [draw]);
    await this.#context.transactions.send({
      key: `beacon/fulfil/${draw}`,
      to: this.#contracts.addresses.Beacon,
      data,
    });
    this.#firstSeen.delete(`ready/${draw}`);
    return DRAW.fulfilled;
  }

  /** A chain that mines only when it is given something never reaches the awaited block: give it something. */
  async #awaken(draw: bigint): Promise<void> {
    const block = await this.#context.provider.getBlockNumber();
    const key = `waiting/${draw}/${block}`;
    if (!this.#isDue(key)) return;
    const { address } = this.#context.transactions;
    await this.#context.transactions.send({ key: `beacon/awaken/${draw}/${block}`, to: address, data: "0x" });
    this.#firstSeen.delete(key);
  }

  #isDue(key: string): boolean {
    const seen = this.#firstSeen.get(key);
    if (seen === undefined) {
      if (this.#firstSeen.size > 4096) this.#firstSeen.clear();
      this.#firstSeen.set(key, Date.now());
    }
    return Date.now() - (seen ?? Date.now()) >= this.#graceMs;
  }
}
