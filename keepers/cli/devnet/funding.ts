import { formatEther, parseEther, type Signer, type TransactionResponse } from "ethers";
import { MyceliaToken__factory } from "../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { contractOf } from "../../runtime/chain/deployment.ts";
import { readDeployment } from "../../runtime/chain/deploymentFile.ts";
import { FatalError } from "../../runtime/errors.ts";
import { ensureKey, type PartyName } from "./keyring.ts";
import type { NetworkState } from "./state.ts";

/** What a party starts with, wei of ether (gas) and of MYC (bonds and fees). */
export interface Endowment {
  readonly ether: bigint;
  readonly myc: bigint;
}

export const devnetEndowment: Endowment = { ether: parseEther("50"), myc: parseEther("20000") };

/** Gives parties what they lack of it, from the payer's account. */
export async function fundParties(
  dataDir: string,
  state: NetworkState,
  payer: Signer,
  parties: readonly PartyName[],
  endowment: Endowment = devnetEndowment,
): Promise<void> {
  const deployment = await readDeployment(state.deployment);
  const token = MyceliaToken__factory.connect(contractOf(deployment, "MyceliaToken").address, payer);
  try {
    let nonce = await payer.getNonce("latest");
    const sent: TransactionResponse[] = [];
    for (const who of parties) {
      const { address } = await ensureKey(dataDir, state.chainId, who);
      const [ether, myc] = await Promise.all([
        payer.provider?.getBalance(address) ?? 0n,
        token.balanceOf(address),
      ]);
      if (ether < endowment.ether / 2n) {
        sent.push(await payer.sendTransaction({ to: address, value: endowment.ether, nonce: nonce++ }));
      }
      if (myc < endowment.myc / 2n)
        sent.push(await token.transfer(address, endowment.myc, { nonce: nonce++ }));
    }
    for (const transaction of sent) await transaction.wait();
  } catch (cause) {
    if (cause instanceof FatalError) throw cause;
    const message = `could not fund the keepers: ${cause instanceof Error ? cause.message.split("\n")[0] : cause}`;
    throw new FatalError(
      "devnet/funding-failed",
      message,
      { each: `${formatEther(endowment.ether)} ether` },
      cause,
    );
  }
}
