import { createRecords, plainFormat } from "../store/records.ts";
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

export function createLedger<T>(store: Store): JobLedger<T> {
  const jobs = createRecords<JobRecord<T>>(store, "job/", plainFormat());
  const places = createRecords<string>(store, "due/", plainFormat());
  const ended = createRecords<{ done: number; failed: number }>(store, "ended/", plainFormat());
  const count = countersOf(store, ended);
  let serial = 0;
  const nextPlace = (dueAt: number, key: string) => `${pad(dueAt, 14)}/${pad(serial++ % 1e9, 9)}/${key}`;

  return {
    async open({ key, data }, dueAt) {
      const counters = await count();
      const place = nextPlace(dueAt, key);
      const isNew = await jobs.putIfAbsent(key, { state: "open", data, tries: 0, place }, [
        places.putWrite(place, key),
      ]);
      if (isNew) counters.open++;
      return isNew;
    },
    async *due(limit) {
      for await (const [place, key] of places.scan({ limit })) {
        const record = await jobs.get(key);
        if (record?.state !== "open" || record.place !== place) continue;
        yield { key, data: record.data, tries: record.tries, dueAt: Number(place.slice(0, 14)), place };
      }
    },
    async finish(job) {
      const counters = await count();
      counters.open--;
      counters.done++;
      await store.batch([
        jobs.putWrite(job.key, { state: "done" }),
        places.deleteWrite(job.place),
        ended.putWrite("counts", { done: counters.done, failed: counters.failed }),
      ]);
    },
    async postpone({ key, data, place }, tries, dueAt) {
      const later = nextPlace(dueAt, key);
      await store.batch([
        jobs.putWrite(key, { state: "open", data, tries, place: later }),
        places.deleteWrite(place),
        places.putWrite(later, key),
      ]);
    },
    async park({ key, data, place }, tries, error) {
      const counters = await count();
      counters.open--;
      counters.failed++;
      await store.batch([
        jobs.putWrite(key, { state: "failed", data, tries, error }),
        places.deleteWrite(place),
        ended.putWrite("counts", { done: counters.done, failed: counters.failed }),
      ]);
    },
    counts: async () => ({ ...(await count()) }),
  };
}

/** Counters in memory, read once: what is open is counted, what has ended is remembered. */
function countersOf(
  store: Store,
  ended: { get(key: string): Promise<{ done: number; failed: number } | undefined> },
) {
  let loading: Promise<{ open: number; done: number; failed: number }> | undefined;
  async function load() {
    let open = 0;
    for await (const _ of store.scan({ prefix: "due/" })) open++;
    return { open, done: 0, failed: 0, ...(await ended.get("counts")) };
  }
  return () => {
    loading ??= load();
    return loading;
  };
}

function pad(value: number, digits: number): string {
  return String(Math.trunc(value)).padStart(digits, "0");
}
