import { encodeBytes32String } from "ethers";
import { ensureBond } from "../bonding.ts";
import type { VerifierParts } from "./parts.ts";

/** Bonds and joins the roster; does nothing when both have been done. */
export async function enlist({ context, contracts, settings }: VerifierParts): Promise<void> {
  const module = contracts.addresses.Audits;
  const bond = settings.bond ?? (await contracts.parameters.get(encodeBytes32String("audits.verifierBond")));
  await ensureBond(context, contracts, module, bond);
  const operator = context.transactions.address;
  if ((await contracts.audits.verifierOf(context.signer.address)) === operator) return;
  const data = contracts.audits.interface.encodeFunctionData("enlist", [context.signer.address]);
  // After a resignation the roster is another, and so is the key.
  const key = `audits/enlist/${operator}/${await contracts.audits.rosterLength()}`;
  await context.transactions.send({ key, to: module, data });
}
