import { encodeBytes32String } from "ethers";
import { chainTime } from "../../runtime/chain/time.ts";
import type { SessionTerms } from "../chainReads.ts";
import { SESSION } from "../states.ts";
import type { SignedVoucher } from "../vouchers.ts";
import type { ProviderParts } from "./parts.ts";

/** Posts the newest voucher when the session is at its end or enough has come together. */
export async function claimVouchers(parts: ProviderParts, terms: SessionTerms): Promise<void> {
  if (terms.openClaim !== 0n) return;
  // Asked before the voucher is read: the last voucher is kept before the session counts as finished.
  const over = await isOver(parts, terms);
  const signed = await claimable(parts, terms);
  if (signed === undefined) return;
  if (!over && signed.voucher.amount - terms.amount < parts.settings.claimAbove) return;
  const { voucher, signature } = signed;
  const data = parts.contracts.sessions.interface.encodeFunctionData("claim", [voucher, signature]);
  const key = `sessions/claim/${terms.id}/${voucher.receipts}`;
  await parts.context.transactions.send({ key, to: parts.contracts.addresses.Sessions, data });
  parts.metrics.claims.inc();
  parts.context.logger.info(
    { session: terms.id.toString(), amount: voucher.amount.toString() },
    "claim posted",
  );
}

/** The newest voucher, if it is over something not claimed yet that covers its own audit and may still be claimed. */
export async function claimable(
  parts: ProviderParts,
  terms: SessionTerms,
): Promise<SignedVoucher | undefined> {
  const signed = await parts.vouchers.newest(terms.id);
  if (signed === undefined || terms.state === SESSION.closed) return undefined;
  const amount = signed.voucher.amount - terms.amount;
  const receipts = signed.voucher.receipts - terms.receipts;
  if (amount <= 0n || receipts <= 0n) return undefined;
  if ((await chainTime(parts.context.provider)) > terms.claimBefore) return undefined;
  const { audits, parameters } = parts.contracts;
  const [cost, tip] = await Promise.all([
    audits.cost(receipts),
    parameters.get(encodeBytes32String("beacon.tip")),
  ]);
  return amount < cost + tip + (amount * terms.feeBps) / 10_000n ? undefined : signed;
}

/** Whether a session will get no more requests. */
export async function isOver(parts: ProviderParts, terms: SessionTerms): Promise<boolean> {
  if (terms.state !== SESSION.open || (await parts.sessions.isFinished(terms.id))) return true;
  return (await chainTime(parts.context.provider)) >= terms.expiresAt;
}
