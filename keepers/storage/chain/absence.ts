import type { Provider } from "ethers";
import { IAbsence__factory } from "../../../typechain-types/factories/storage/interfaces/IAbsence__factory.js";
import type { IAbsence } from "../../../typechain-types/storage/interfaces/IAbsence.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { contractAddress } from "./committeeView.ts";

/** A member that was asked whether it is there. */
export interface OpenChallenge {
  readonly challenger: string;
  /** Last second of the chain at which it may answer. */
  readonly deadline: bigint;
}

/** Challenges are a part of Committees. @throws FatalError storage/not-deployed */
export function absenceContract(provider: Provider, deployment: Deployment): IAbsence {
  return IAbsence__factory.connect(contractAddress(deployment, "Committees"), provider);
}

/** The challenge that is open against an operator. */
export async function challengeOf(absence: IAbsence, operator: string): Promise<OpenChallenge | undefined> {
  const { challenger, deadline } = await absence.challengeOf(operator);
  return deadline === 0n ? undefined : { challenger, deadline };
}
