import type { Signer } from "ethers";
import { type deployStorage, NODE_BOND } from "./fixtures.ts";

export const URL_A = "http://127.0.0.1:9000";

export type Storage = Awaited<ReturnType<typeof deployStorage>>;

/** Bonds `bond` wei of `operator` in the committee. */
export async function bondUp({ token, bonds, committee }: Storage, operator: Signer, bond = NODE_BOND) {
  const address = await operator.getAddress();
  await token.mint(address, bond);
  await token.connect(operator).approve(await bonds.getAddress(), bond);
  await bonds.connect(operator).deposit(address, bond);
  await bonds.connect(operator).allocate(await committee.getAddress(), bond);
}

export async function joinAs(storage: Storage, operator: Signer, signer?: string) {
  await bondUp(storage, operator);
  return storage.committee.connect(operator).join(signer ?? (await operator.getAddress()), URL_A);
}

/** Owner of each slot, read as the interface says. */
export async function ownersOf({ committee }: Storage): Promise<number[]> {
  const words = await committee.owners();
  return Array.from({ length: 256 }, (_, s) => Number((words[s >> 5]! >> BigInt(8 * (s & 31))) & 0xffn));
}

export const countOf = (owners: number[], member: number) =>
  owners.filter((owner) => owner === member).length;
