import { type Wallet, ZeroAddress } from "ethers";
import { type Member, type Publishing, seatsOf, sizeOf, slotsOf } from "./publishing.ts";

export const DAY = 86_400n;
/** No multiple of 256: caps are rounded. */
export const BUDGET = 1_000_003n;
const VOUCHER = {
  ReadVoucher: [
    { name: "session", type: "uint64" },
    { name: "operator", type: "address" },
    { name: "amount", type: "uint128" },
  ],
};

type TypedSigner = Pick<Wallet, "signTypedData">;

type Reading = Pick<Publishing, "ethers" | "committees" | "reads" | "publisher" | "other">;

export interface Opened {
  readonly id: bigint;
  readonly owners: bigint[];
}

export async function open(world: Reading, signer = ZeroAddress, budget = BUDGET): Promise<Opened> {
  const owners = [...(await world.committees.owners(0n))];
  const id = await world.reads.open.staticCall(0n, budget, DAY, signer);
  await world.reads.open(0n, budget, DAY, signer);
  return { id, owners };
}

export async function sign(
  { reads, publisher, ethers }: Reading,
  voucher: { session: bigint; operator: string; amount: bigint },
  signer: TypedSigner = publisher,
  chainId?: bigint,
): Promise<string> {
  const domain = {
    name: "Mycelia ReadSessions",
    version: "1",
    chainId: chainId ?? (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await reads.getAddress(),
  };
  return signer.signTypedData(domain, VOUCHER, voucher);
}

/** Claims what a voucher over `amount` gives a member, as a stranger. */
export async function claim(
  world: Reading,
  { id, owners }: Opened,
  member: Member,
  amount: bigint,
  by?: TypedSigner,
) {
  const operator = member.operator.address;
  const signature = await sign(world, { session: id, operator, amount }, by);
  return world.reads.connect(world.other).claim(id, member.seat, owners as never, amount, signature);
}

export async function capOf(world: Reading, member: Member, budget = BUDGET): Promise<bigint> {
  return (budget * BigInt(sizeOf(await slotsOf(world, seatsOf([member]))))) / 256n;
}
