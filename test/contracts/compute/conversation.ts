import {
  AbiCoder,
  getBytes,
  hexlify,
  id,
  keccak256,
  TypedDataEncoder,
  type TypedDataField,
  ZeroHash,
} from "ethers";
import { MountainRange } from "../../../keepers/coding/mountainRange.ts";
import { ethers, type Market, MYC, networkHelpers, Tier } from "./market.ts";

export const coder = AbiCoder.defaultAbiCoder();

const RECEIPT: Record<string, TypedDataField[]> = {
  Receipt: [
    { name: "session", type: "uint64" },
    { name: "index", type: "uint64" },
    { name: "modelId", type: "bytes32" },
    { name: "exchange", type: "bytes32" },
    { name: "unitsIn", type: "uint64" },
    { name: "unitsOut", type: "uint64" },
    { name: "price", type: "uint128" },
    { name: "usesRoot", type: "bytes32" },
    { name: "deadline", type: "uint64" },
  ],
};
const VOUCHER: Record<string, TypedDataField[]> = {
  Voucher: [
    { name: "session", type: "uint64" },
    { name: "amount", type: "uint128" },
    { name: "receipts", type: "uint64" },
    { name: "receiptsRoot", type: "bytes32" },
  ],
};

/** Whatever can sign typed data: a wallet, a chain account. */
export interface TypedSigner {
  signTypedData(
    domain: object,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string>;
}

/** One request and its answer, as the provider keeps it until it is paid. */
export interface Exchange {
  readonly receipt: {
    session: bigint;
    index: bigint;
    modelId: string;
    exchange: string;
    unitsIn: bigint;
    unitsOut: bigint;
    price: bigint;
    usesRoot: string;
    deadline: bigint;
  };
  readonly requestDigest: string;
  readonly responseDigest: string;
  readonly salt: string;
}

export async function domainOf(market: Market, chainId?: bigint) {
  const { chainId: here } = await ethers.provider.getNetwork();
  return {
    name: "Mycelia Sessions",
    version: "1",
    chainId: chainId ?? here,
    verifyingContract: await market.sessions.getAddress(),
  };
}

export function orderOf(market: Market, change: Record<string, unknown> = {}) {
  return {
    modelId: market.modelId,
    tier: Tier.Exact,
    maxUnitPrice: market.unitPrice,
    budget: 100n * MYC,
    duration: 3_600,
    voucherSigner: ethers.ZeroAddress,
    ...change,
  };
}

/** Opens a session with a budget of 100 MYC for an hour and returns its id. */
export async function openSession(
  market: Market,
  order: Record<string, unknown> = {},
  overrides: { gasLimit?: bigint } = {},
): Promise<bigint> {
  await market.sessions.connect(market.user).open(orderOf(market, order), overrides);
  const events = await market.sessions.queryFilter(market.sessions.filters.SessionOpened(), "latest");
  return events[0]!.args.id;
}

/** The exchanges of a session with the given indices; `units` of input each. */
export function exchangesOf(
  market: Market,
  session: bigint,
  count: number,
  change: Partial<Exchange["receipt"]> = {},
  units = 64n,
): Exchange[] {
  return Array.from({ length: count }, (_, i) => {
    const requestDigest = id(`request ${session} ${i}`);
    const responseDigest = id(`response ${session} ${i}`);
    const salt = id(`salt ${session} ${i}`);
    const exchange = keccak256(
      coder.encode(["bytes32", "bytes32", "bytes32"], [requestDigest, responseDigest, salt]),
    );
    return {
      requestDigest,
      responseDigest,
      salt,
      receipt: {
        session,
        index: BigInt(i),
        modelId: market.modelId,
        exchange,
        unitsIn: units,
        unitsOut: 1n,
        price: units * market.unitPrice,
        usesRoot: ZeroHash,
        deadline: 4_000_000_000n,
        ...change,
      },
    };
  });
}

export async function receiptDigest(market: Market, receipt: Exchange["receipt"]): Promise<string> {
  return TypedDataEncoder.hash(await domainOf(market), RECEIPT, receipt);
}

/** The mountain range over all receipts of the exchanges. */
export async function rangeOver(market: Market, exchanges: readonly Exchange[]): Promise<MountainRange> {
  const range = new MountainRange();
  for (const { receipt } of exchanges) range.append(getBytes(await receiptDigest(market, receipt)));
  return range;
}

export interface Voucher {
  session: bigint;
  amount: bigint;
  receipts: bigint;
  receiptsRoot: string;
}

/** The voucher over everything exchanged so far, at the receipts' prices. */
export async function voucherOver(market: Market, exchanges: readonly Exchange[]): Promise<Voucher> {
  return {
    session: exchanges[0]!.receipt.session,
    amount: exchanges.reduce((sum, { receipt }) => sum + receipt.price, 0n),
    receipts: BigInt(exchanges.length),
    receiptsRoot: hexlify((await rangeOver(market, exchanges)).root()),
  };
}

export async function signVoucher(
  market: Market,
  voucher: Voucher,
  signer: TypedSigner = market.user,
  chainId?: bigint,
): Promise<string> {
  return signer.signTypedData(await domainOf(market, chainId), VOUCHER, { ...voucher });
}

/** Posts the voucher over `exchanges` as the provider; returns the claim's id. */
export async function postClaim(market: Market, exchanges: readonly Exchange[]): Promise<bigint> {
  const voucher = await voucherOver(market, exchanges);
  await market.sessions.connect(market.provider).claim(voucher, await signVoucher(market, voucher));
  const events = await market.sessions.queryFilter(market.sessions.filters.ClaimPosted(), "latest");
  return events[0]!.args.id;
}

/** Session, exchanges and claim in one go. */
export async function claimed(market: Market, count = 20) {
  const session = await openSession(market);
  const exchanges = exchangesOf(market, session, count);
  const claim = await postClaim(market, exchanges);
  return { session, exchanges, claim };
}

export async function past(deadline: bigint): Promise<void> {
  await networkHelpers.time.increaseTo(deadline + 1n);
}
