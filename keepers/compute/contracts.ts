import { Contract, type ContractRunner, Interface } from "ethers";
import type { IAudits } from "../../typechain-types/compute/interfaces/IAudits.js";
import type { ILedger } from "../../typechain-types/compute/interfaces/ILedger.js";
import type { IModels } from "../../typechain-types/compute/interfaces/IModels.js";
import type { IServices } from "../../typechain-types/compute/interfaces/IServices.js";
import type { ISessions } from "../../typechain-types/compute/interfaces/ISessions.js";
import type { IBeacon } from "../../typechain-types/core/interfaces/IBeacon.js";
import type { IBonds } from "../../typechain-types/core/interfaces/IBonds.js";
import type { IParameters } from "../../typechain-types/core/interfaces/IParameters.js";
import { IAudits__factory } from "../../typechain-types/factories/compute/interfaces/IAudits__factory.js";
import { ILedger__factory } from "../../typechain-types/factories/compute/interfaces/ILedger__factory.js";
import { IModels__factory } from "../../typechain-types/factories/compute/interfaces/IModels__factory.js";
import { IServices__factory } from "../../typechain-types/factories/compute/interfaces/IServices__factory.js";
import { ISessions__factory } from "../../typechain-types/factories/compute/interfaces/ISessions__factory.js";
import { IBeacon__factory } from "../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import { IBonds__factory } from "../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { IParameters__factory } from "../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import type { Deployment } from "../runtime/chain/deployment.ts";
import { FatalError } from "../runtime/errors.ts";

/** The contracts that inference stands on, with their addresses. */
export interface ComputeContracts {
  readonly models: IModels;
  readonly services: IServices;
  readonly sessions: ISessions;
  readonly audits: IAudits;
  readonly ledger: ILedger;
  readonly bonds: IBonds;
  readonly beacon: IBeacon;
  readonly parameters: IParameters;
  /** The settlement ERC-20. */
  readonly token: Token;
  readonly addresses: Readonly<Record<ContractName, string>>;
}

interface Token {
  readonly interface: Interface;
  readonly address: string;
  balanceOf(account: string): Promise<bigint>;
  allowance(owner: string, spender: string): Promise<bigint>;
}

const NAMES = [
  "Models",
  "Services",
  "Sessions",
  "Audits",
  "Ledger",
  "Bonds",
  "Beacon",
  "Parameters",
  "MyceliaToken",
] as const;

type ContractName = (typeof NAMES)[number];

const ERC20 = new Interface([
  "function approve(address spender, uint256 value) returns (bool)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function balanceOf(address account) view returns (uint256)",
]);

/** @throws FatalError compute/not-deployed naming the contract that the deployment lacks */
export function connectCompute(runner: ContractRunner, deployment: Deployment): ComputeContracts {
  const addresses = Object.fromEntries(NAMES.map((name) => [name, addressOf(deployment, name)])) as Record<
    ContractName,
    string
  >;
  return {
    models: IModels__factory.connect(addresses.Models, runner),
    services: IServices__factory.connect(addresses.Services, runner),
    sessions: ISessions__factory.connect(addresses.Sessions, runner),
    audits: IAudits__factory.connect(addresses.Audits, runner),
    ledger: ILedger__factory.connect(addresses.Ledger, runner),
    bonds: IBonds__factory.connect(addresses.Bonds, runner),
    beacon: IBeacon__factory.connect(addresses.Beacon, runner),
    parameters: IParameters__factory.connect(addresses.Parameters, runner),
    token: connectToken(addresses.MyceliaToken, runner),
    addresses,
  };
}

function connectToken(address: string, runner: ContractRunner): Token {
  const contract = new Contract(address, ERC20, runner);
  return {
    interface: ERC20,
    address,
    balanceOf: (account) => contract.getFunction("balanceOf")(account) as Promise<bigint>,
    allowance: (owner, spender) => contract.getFunction("allowance")(owner, spender) as Promise<bigint>,
  };
}

function addressOf(deployment: Deployment, name: ContractName): string {
  const contract = deployment.contracts[name];
  if (contract !== undefined) return contract.address;
  throw new FatalError(
    "compute/not-deployed",
    `Chain ${deployment.chainId} has no ${name} in its deployment.`,
    { name },
  );
}
