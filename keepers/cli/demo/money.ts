import { Contract, type JsonRpcProvider } from "ethers";
import { MyceliaToken__factory } from "../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { contractOf, type Deployment } from "../../runtime/chain/deployment.ts";

/** Contracts that hold money for others and keep an explicit sum of it. */
const holders = ["Bonds", "Ledger", "Beacon", "Committees", "Endowment", "ReadSessions"];

export interface Holding {
  readonly contract: string;
  /** Token balance, wei. */
  readonly balance: bigint;
  /** What the contract says it holds for others, wei. */
  readonly held: bigint;
}

/** Compares what each money-holding contract has with what it owes. */
export async function readHoldings(provider: JsonRpcProvider, deployment: Deployment): Promise<Holding[]> {
  const token = MyceliaToken__factory.connect(contractOf(deployment, "MyceliaToken").address, provider);
  return await Promise.all(
    holders.map(async (contract) => {
      const address = contractOf(deployment, contract).address;
      const sums = new Contract(address, ["function totalHeld() view returns (uint256)"], provider);
      const [balance, held] = await Promise.all([token.balanceOf(address), sums.getFunction("totalHeld")()]);
      return { contract, balance, held: held as bigint };
    }),
  );
}

/** Tokens in existence, wei. */
export async function readSupply(provider: JsonRpcProvider, deployment: Deployment): Promise<bigint> {
  return await MyceliaToken__factory.connect(
    contractOf(deployment, "MyceliaToken").address,
    provider,
  ).totalSupply();
}
