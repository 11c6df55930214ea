import { formatEther, JsonRpcProvider, parseEther } from "ethers";
import { MyceliaToken__factory } from "../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { FatalError } from "../../runtime/errors.ts";
import { devnetWallet, type Party } from "./accounts.ts";
import { loadDeployment } from "./deployment.ts";
import type { NetworkState } from "./state.ts";

/** Ether for gas, and MYC for bonds and fees, that each party of the devnet starts with. */
const ether = parseEther("50");
const myc = parseEther("20000");

export interface FundedParty {
  readonly party: Party;
  readonly number: number;
}

/** Gives parties of the devnet what they lack, from the deployer's account. */
export async function fundParties(state: NetworkState, parties: readonly FundedParty[]): Promise<void> {
  const provider = new JsonRpcProvider(state.rpcUrl, state.chainId, { staticNetwork: true });
  try {
    const deployer = devnetWallet("deployer").connect(provider);
    const { contracts } = loadDeployment(state.deployment);
    const tokenAddress = contracts.MyceliaToken?.address ?? "";
    const token = MyceliaToken__factory.connect(tokenAddress, deployer);
    let nonce = await provider.getTransactionCount(deployer.address, "latest");
    const sent = [];
    for (const { party, number } of parties) {
      const { address } = devnetWallet(party, number);
      const [hasEther, hasMyc] = await Promise.all([provider.getBalance(address), token.balanceOf(address)]);
      if (hasEther < ether / 2n)
        sent.push(await deployer.sendTransaction({ to: address, value: ether, nonce: nonce++ }));
      if (hasMyc < myc / 2n) sent.push(await token.transfer(address, myc, { nonce: nonce++ }));
    }
    await Promise.all(sent.map((transaction) => transaction.wait()));
  } catch (cause) {
    if (cause instanceof FatalError) throw cause;
    const message = `could not fund the keepers: ${cause instanceof Error ? cause.message.split("\n")[0] : cause}`;
    throw new FatalError("devnet/funding-failed", message, { each: `${formatEther(ether)} ether` }, cause);
  } finally {
    provider.destroy();
  }
}
