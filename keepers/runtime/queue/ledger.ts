import { createRecords, plainFormat, type Records } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Job } from "./queue.ts";

/** A job that has not ended. */
export interface OpenJob<T> extends Job<T> {
  /** Tries that failed. */
  readonly tries: number;
  /** When it may run, milliseconds since 1970. */
  readonly dueAt: number;
  /** Its place in the order of running. */
  readonly place: string;
}

/** Of a time in milliseconds, so that places sort by it. */
const DUE_DIGITS = 14;

type JobRecord<T> =
  | { readonly state: "open"; readonly data: T; readonly tries: number; readonly place: string }
  | { readonly state: "done" }
  | { readonly state: "failed"; readonly data: T; readonly tries: number; readonly error: string };

/** What an embedded queue writes down. Each change is one atomic write. */
export interface JobLedger<T> {
  /** False, and nothing written, when the key is known in whatever state. */
  open(job: Job<T>, dueAt: number): Promise<boolean>;
  /** Open jobs, soonest first. */
  due(limit: number): AsyncIterable<OpenJob<T>>;
  finish(job: OpenJob<T>): Promise<void>;
  postpone(job: OpenJob<T>, tries: number, dueAt: number): Promise<void>;
  park(job: OpenJob<T>, tries: number, error: string): Promise<void>;
  counts(): Promise<{ open: number; done: number; failed: number }>;
}

interface Counts {
  open: number;
  done: number;
  failed: number;
}

export function createLedger<T>(store: Store): JobLedger<T> {
  return new StoredLedger<T>(store);
}

class StoredLedger<T> implements JobLedger<T> {
  readonly #store: Store;
  readonly #jobs: Records<JobRecord<T>>;
  readonly #places: Records<string>;
  readonly #ended: Records<Pick<Counts, "done" | "failed">>;
  #counting: Promise<Counts> | undefined;
  #serial = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#jobs = createRecords(store, "job/", plainFormat<JobRecord<T>>());
    this.#places = createRecords(store, "due/", plainFormat<string>());
    this.#ended = createRecords(store, "ended/", plainFormat());
  }

  async open({ key, data }: Job<T>, dueAt: number): Promise<boolean> {
    const counts = await this.#count();
    const place = this.#nextPlace(dueAt, key);
    const record = { state: "open", data, tries: 0, place } as const;
    const isNew = await this.#jobs.putIfAbsent(key, record, [this.#places.putWrite(place, key)]);
    if (isNew) counts.open++;
    return isNew;
  }

  async *due(limit: number): AsyncIterable<OpenJob<T>> {
    for await (const [place, key] of this.#places.scan({ limit })) {
      const record = await this.#jobs.get(key);
      if (record?.state !== "open" || record.place !== place) continue;
      const dueAt = Number(place.slice(0, DUE_DIGITS));
      yield { key, data: record.data, tries: record.tries, dueAt, place };
    }
  }

  async finish(job: OpenJob<T>): Promise<void> {
    await this.#end(job, { state: "done" });
  }

  async park(job: OpenJob<T>, tries: number, error: string): Promise<void> {
    await this.#end(job, { state: "failed", data: job.data, tries, error });
  }

  async postpone({ key, data, place }: OpenJob<T>, tries: number, dueAt: number): Promise<void> {
    const later = this.#nextPlace(dueAt, key);
    await this.#store.batch([
      this.#jobs.putWrite(key, { state: "open", data, tries, place: later }),
      this.#places.deleteWrite(place),
      this.#places.putWrite(later, key),
    ]);
  }

  async counts(): Promise<Counts> {
    return { ...(await this.#count()) };
  }

  async #end(job: OpenJob<T>, record: JobRecord<T> & { state: "done" | "failed" }): Promise<void> {
    const counts = await this.#count();
    counts.open--;
    counts[record.state]++;
    await this.#store.batch([
      this.#jobs.putWrite(job.key, record),
      this.#places.deleteWrite(job.place),
      this.#ended.putWrite("counts", { done: counts.done, failed: counts.failed }),
    ]);
  }

  /** In memory, read once: what is open is counted, what has ended is remembered. */
  #count(): Promise<Counts> {
    this.#counting ??= this.#readCounts();
    return this.#counting;
  }

  async #readCounts(): Promise<Counts> {
    let open = 0;
    for await (const _ of this.#places.scan()) open++;
    return { open, done: 0, failed: 0, ...(await this.#ended.get("counts")) };
  }

  #nextPlace(dueAt: number, key: string): string {
    return `${pad(dueAt, DUE_DIGITS)}/${pad(this.#serial++ % 1e9, 9)}/${key}`;
  }
}

function pad(value: number, digits: number): string {
  return String(Math.trunc(value)).padStart(digits, "0");
}
