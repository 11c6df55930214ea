import type { TransactionReceiptParams } from "ethers";
import { concat, keccak256, toBeHex } from "ethers";
import { FatalError } from "../errors.ts";
import { createRecords, plainFormat } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Fees } from "./fees.ts";
import type { TransactionJob } from "./sender.ts";

/** A signed transaction that has not reached its depth. */
export interface Flight {
  readonly state: "flying";
  readonly job: TransactionJob;
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly fees: Fees;
  /** The newest signed form; earlier ones, with lower fees, may land as well. */
  readonly raw: string;
  /** Hashes of every signed form, oldest first; one of them at most can land. */
  readonly hashes: readonly string[];
}

/** A job that is over. */
export interface Landing {
  readonly state: "landed";
  /** Hash of what was asked for. */
  readonly digest: string;
  readonly receipt: TransactionReceiptParams;
}

/** What a sender remembers, so that a job key never lands twice whatever is killed. */
export interface Journal {
  get(key: string): Promise<Flight | Landing | undefined>;
  /** Every transaction that may still land, by nonce. */
  flights(): Promise<Flight[]>;
  /** Durable before the transaction leaves. */
  record(flight: Flight): Promise<void>;
  land(flight: Flight, receipt: TransactionReceiptParams): Promise<void>;
  /** Forgets a flight that can never land, or that landed without effect. */
  drop(flight: Flight): Promise<void>;
}

export function createJournal(store: Store): Journal {
  const jobs = createRecords<Flight | Landing>(store, "job/", plainFormat());
  const flying = createRecords<string>(store, "flying/", plainFormat());
  return {
    get: (key) => jobs.get(key),
    async flights() {
      const found: Flight[] = [];
      for await (const [, key] of flying.scan()) {
        const record = await jobs.get(key);
        if (record?.state === "flying") found.push(record);
      }
      return found;
    },
    record: (flight) =>
      store.batch([
        jobs.putWrite(flight.job.key, flight),
        flying.putWrite(nonceKey(flight.nonce), flight.job.key),
      ]),
    land: (flight, receipt) =>
      store.batch([
        jobs.putWrite(flight.job.key, { state: "landed", digest: digestOf(flight.job), receipt }),
        flying.deleteWrite(nonceKey(flight.nonce)),
      ]),
    drop: (flight) =>
      store.batch([jobs.deleteWrite(flight.job.key), flying.deleteWrite(nonceKey(flight.nonce))]),
  };
}

/** Identity of what a job asks for, its key aside. */
export function digestOf(job: TransactionJob): string {
  return keccak256(concat([job.to, toBeHex(job.value ?? 0n, 32), job.data]));
}

/** @throws FatalError "transactions/key-conflict" when a key comes back with another call. */
export function checkSameCall(job: TransactionJob, earlier: TransactionJob | Landing): void {
  const digest = "digest" in earlier ? earlier.digest : digestOf(earlier);
  if (digest === digestOf(job)) return;
  throw new FatalError(
    "transactions/key-conflict",
    `The job key ${job.key} was used for another call before; a key stands for one call.`,
    { key: job.key, to: job.to },
  );
}

function nonceKey(nonce: number): string {
  return String(nonce).padStart(16, "0");
}
