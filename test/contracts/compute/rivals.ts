import { type HDNodeWallet, Wallet } from "ethers";
import { openSession } from "./conversation.ts";
import { bond, ethers, type Market, MYC, networkHelpers, type Signer, TICK, Tier } from "./market.ts";

export function offer(market: Market, change: Record<string, unknown> = {}) {
  return {
    modelId: market.modelId,
    tier: Tier.Exact,
    tick: TICK,
    signer: market.stranger.address,
    endpoint: "https://provider.example:8443/v1",
    ...change,
  };
}

/** Bonds and registers another operator; returns its service's id. */
export async function another(
  market: Market,
  operator: Signer,
  tick: number,
  amount = 2_000n * MYC,
): Promise<bigint> {
  await bond(market, operator, market.services, amount);
  await market.services.connect(operator).register(offer(market, { tick }));
  return market.services.count();
}

/** Operator that a new session of 100 MYC is matched to. */
export async function matched(market: Market, order: Record<string, unknown> = {}): Promise<bigint> {
  const session = await openSession(market, { maxUnitPrice: 2n ** 100n, ...order });
  return (await market.sessions.get(session)).service;
}

/** `count` operators without room for a session of 100 MYC. */
export async function crowd(
  market: Market,
  count: number,
  tickOf: (i: number) => number,
): Promise<HDNodeWallet[]> {
  const full: HDNodeWallet[] = [];
  for (let i = 0; i < count; i++) {
    const wallet = Wallet.createRandom(ethers.provider) as HDNodeWallet;
    await networkHelpers.setBalance(wallet.address, MYC);
    await market.token.mint(wallet.address, 100n * MYC);
    await market.token.connect(wallet).approve(market.bonds, 100n * MYC);
    await another(market, wallet as unknown as Signer, tickOf(i), 100n * MYC);
    full.push(wallet);
  }
  return full;
}
