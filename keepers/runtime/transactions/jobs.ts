import { concat, isAddress, isHexString, keccak256, toBeHex } from "ethers";
import { FatalError } from "../errors.ts";
import type { TransactionJob } from "./sender.ts";

/** @throws FatalError "transactions/bad-job" */
export function checkJob(job: TransactionJob): void {
  const value = job.value ?? 0n;
  const isCall = isAddress(job.to) && isHexString(job.data) && job.data.length % 2 === 0;
  if (isCall && value >= 0n && value < 2n ** 256n && job.key !== "") return;
  throw new FatalError(
    "transactions/bad-job",
    `The job ${JSON.stringify(job.key)} is not a call: it needs a key, an address, whole bytes of hex data, a value.`,
    { key: job.key, to: job.to },
  );
}

/** Identity of what a job asks for, its key aside. */
export function digestOf(job: TransactionJob): string {
  return keccak256(concat([job.to, toBeHex(job.value ?? 0n, 32), job.data]));
}

/** @throws FatalError "transactions/key-conflict" when a key comes back with another call. */
export function checkSameCall(
  job: TransactionJob,
  earlier: TransactionJob | { readonly digest: string },
): void {
  const digest = "digest" in earlier ? earlier.digest : digestOf(earlier);
  if (digest === digestOf(job)) return;
  throw new FatalError(
    "transactions/key-conflict",
    `The job key ${job.key} was used for another call before; a key stands for one call.`,
    { key: job.key, to: job.to },
  );
}
