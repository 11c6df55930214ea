import type { Provider } from "ethers";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import type { ICommittees } from "../../../typechain-types/storage/interfaces/ICommittees.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { contractAddress } from "./committeeView.ts";

/** Where a member sits. */
export interface Place {
  /** Number of its committee. */
  readonly committee: number;
  /** 1..255; 0 when it serves nowhere. */
  readonly seat: number;
}

/** Where an operator sits now. */
export async function placeOf(provider: Provider, deployment: Deployment, operator: string): Promise<Place> {
  return await seatIn(
    ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider),
    operator,
  );
}

/** As `placeOf`, for who asks again and again: to connect a contract takes as long as some calls. */
export async function seatIn(committees: ICommittees, operator: string): Promise<Place> {
  const { committee, seat } = await committees.seatOf(operator);
  return { committee: Number(committee), seat: Number(seat) };
}
