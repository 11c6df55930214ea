import { parseEther } from "ethers";
import { PIXELS, readDigits, splitDigits } from "../../../examples/digits/dataset.ts";
import { type ComputeClient, createComputeClient } from "../../../keepers/compute/client.ts";
import type { EngineFactory } from "../../../keepers/compute/engine/engine.ts";
import type { ProviderOptions } from "../../../keepers/compute/provider.ts";
import type { Tensor } from "../../../keepers/compute/tensors.ts";
import { openKeeper, ready, runProvider, runVerifier, setupFor, type TestKeeper } from "./keepers.ts";
import type { Market } from "./market.ts";

// Who plays in the tests of a paid job.

export const { heldOut } = splitDigits(readDigits());
export const UNIT_PRICE = parseEther("0.001");
export const BUDGET = parseEther("1");
export const BOND = parseEther("100");

/** Held-out digits as the model takes them. */
export function digitsBatch(start: number, rows: number): Tensor {
  const data = heldOut.pixels.slice(start * PIXELS, (start + rows) * PIXELS);
  return { name: "pixels", dtype: "float32", dims: [rows, PIXELS], data };
}

export function providerOptions(
  market: Market,
  unitPrice = UNIT_PRICE,
  engines?: EngineFactory,
): ProviderOptions {
  return {
    services: [{ model: market.model, tier: "exact", unitPrice }],
    bond: BOND,
    loadModel: market.load,
    ...(engines === undefined ? {} : { engines }),
  };
}

export async function startProviderIn(
  market: Market,
  name: string,
  options: ProviderOptions,
): Promise<TestKeeper> {
  return runProvider(await setupFor(name, await market.account(), market), options);
}

/** Four verifiers: the provider can't be one of them, so any three may be drawn. */
export async function startVerifiersIn(market: Market, count = 4): Promise<TestKeeper[]> {
  const keepers: TestKeeper[] = [];
  for (let number = 1; number <= count; number++) {
    const setup = await setupFor(`verifier-${number}`, await market.account(), market);
    keepers.push(await runVerifier(setup, { loadModel: market.load }));
  }
  await Promise.all(keepers.map(({ url }) => ready(url)));
  return keepers;
}

export interface TestUser {
  readonly keeper: TestKeeper;
  readonly client: ComputeClient;
}

/** A user with `prepaid` wei in the ledger. */
export async function startUserIn(
  market: Market,
  name: string,
  prepaid = parseEther("5"),
): Promise<TestUser> {
  const keeper = await openKeeper(await setupFor(name, await market.account(), market));
  const client = createComputeClient(keeper.context);
  if (prepaid > 0n) await client.prepay(prepaid);
  return { keeper, client };
}

/** What most tests order. */
export function orderFor(market: Market, maxUnitPrice = UNIT_PRICE) {
  return { model: market.model, maxUnitPrice, budget: BUDGET, duration: 600 };
}
