import { encodeBytes32String, type Provider } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import type { KeeperContext } from "../../runtime/context.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { type BondingNeeds, ensureAllocated, parameterOf } from "./bonding.ts";
import { contractAddress } from "./committeeView.ts";

/** Wei of bond for each GiB that a signer may leave unpaid on a node. */
const CREDIT_PER_GIB = "storage.creditPerGiB";
const GIB = 1n << 30n;
const KEPT_SIGNERS = 4_096;

/** What the chain lends to signers: `Bonds.allocated(signer, StorageLog)` * 2^30 / storage.creditPerGiB bytes on a node. */
export interface CreditView {
  /**
   * Bytes, rounded down.
   * @param signer lower-case address
   * @param fresh asks the chain again unless it was asked a moment ago
   * @throws RetryableError storage/chain-unreachable
   */
  bytesOf(signer: string, fresh?: boolean): Promise<number>;
}

export interface CreditViewOptions {
  /** How long an answer of the chain is believed, milliseconds. */
  readonly ttlMs?: number;
  /** And when it is too little for what is asked, milliseconds: strangers shall not make a node ask all the time. */
  readonly freshMs?: number;
}

export function createCreditView(
  provider: Provider,
  deployment: Deployment,
  { ttlMs = 30_000, freshMs = 1_000 }: CreditViewOptions = {},
): CreditView {
  const bonds = IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider);
  const parameters = IParameters__factory.connect(contractAddress(deployment, "Parameters"), provider);
  const log = contractAddress(deployment, "StorageLog");
  const known = new Map<string, { readonly bytes: number; readonly at: number }>();
  return {
    async bytesOf(signer, fresh = false) {
      const now = performance.now();
      const entry = known.get(signer);
      if (entry !== undefined && now - entry.at < (fresh ? freshMs : ttlMs)) return entry.bytes;
      const [bond, price] = await Promise.all([
        bonds.allocated(signer, log),
        parameters.get(encodeBytes32String(CREDIT_PER_GIB)),
      ]).catch((cause: unknown) => Promise.reject(unreachable(signer, cause)));
      const bytes = Number((bond * GIB) / price);
      known.delete(signer);
      known.set(signer, { bytes, at: now });
      if (known.size > KEPT_SIGNERS) known.delete(known.keys().next().value!);
      return bytes;
    },
  };
}

/**
 * Bonds and allocates to StorageLog what the key lacks to have `bytes` stored and unpublished on each node. The log never cuts
 * a bond; `Bonds.unbond` gives it back after its delay. What is there already is not bonded again, so this may be repeated.
 * @param bytes that one node has to take before they are published, not those of the object
 * @returns wei that are allocated now
 * @throws FatalError storage/wrong-signer when uploads are signed by another key than the one that bonds
 */
export async function ensureCredit(
  context: BondingNeeds & Pick<KeeperContext, "signer">,
  bytes: number,
): Promise<bigint> {
  const { deployment, transactions, signer } = context;
  if (signer.address !== transactions.address)
    throw new FatalError(
      "storage/wrong-signer",
      `credit belongs to the key that signs uploads, ${signer.address}, and ${transactions.address} would bond; use one key for both`,
      { signer: signer.address, payer: transactions.address },
    );
  const price = await parameterOf(context, CREDIT_PER_GIB);
  const bond = (BigInt(bytes) * price + GIB - 1n) / GIB;
  return await ensureAllocated(context, contractAddress(deployment, "StorageLog"), bond);
}

function unreachable(signer: string, cause: unknown): RetryableError {
  return new RetryableError(
    "storage/chain-unreachable",
    `the chain does not say now what ${signer} has bonded; try again`,
    { signer },
    cause,
  );
}
