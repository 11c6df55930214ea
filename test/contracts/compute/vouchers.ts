import {
  exchangesOf,
  openSession,
  signVoucher,
  type TypedSigner,
  type Voucher,
  voucherOver,
} from "./conversation.ts";
import { deployMarket, type Market, networkHelpers, type Signer } from "./market.ts";

const { loadFixture } = networkHelpers;

/** Posts a voucher with whatever signature, as whoever. */
export async function post(
  market: Market,
  voucher: Voucher,
  options: { by?: Signer; signer?: TypedSigner; chainId?: bigint } = {},
) {
  const signature = await signVoucher(market, voucher, options.signer, options.chainId);
  return market.sessions.connect(options.by ?? market.provider).claim(voucher, signature);
}

export async function openWithVoucher(count = 20) {
  const market = await loadFixture(deployMarket);
  const session = await openSession(market);
  const exchanges = exchangesOf(market, session, count);
  return { market, session, exchanges, voucher: await voucherOver(market, exchanges) };
}
