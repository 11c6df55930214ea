import type { TransactionReceiptParams } from "ethers";
import { createRecords, plainFormat } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Fees } from "./fees.ts";
import { digestOf } from "./jobs.ts";
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

/** A job that is over, with what it takes to offer it again should a deep reorg take it out. */
export interface Landing extends Pick<Flight, "nonce" | "gasLimit" | "hashes"> {
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
      store.batch([jobs.putWrite(flight.job.key, flight), flying.putWrite(placeOf(flight), flight.job.key)]),
    land: (flight, receipt) => {
      const { nonce, gasLimit, hashes } = flight;
      const digest = digestOf(flight.job);
      return store.batch([
        jobs.putWrite(flight.job.key, { state: "landed", nonce, gasLimit, hashes, digest, receipt }),
        flying.deleteWrite(placeOf(flight)),
      ]);
    },
    drop: (flight) => store.batch([jobs.deleteWrite(flight.job.key), flying.deleteWrite(placeOf(flight))]),
  };
}

function placeOf({ nonce, job }: Flight): string {
  return `${String(nonce).padStart(16, "0")}/${job.key}`;
}
