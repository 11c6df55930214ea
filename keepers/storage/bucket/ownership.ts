import { randomUUID } from "node:crypto";
import { z } from "zod";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { pause } from "../../runtime/pause.ts";
import type { BucketEndpoint } from "./endpoint.ts";

/** Whose rows lie under a prefix. */
export interface Owner {
  /** Chain and contract, "31337/0x…". */
  readonly deployment: string;
  /** Lower-case address. */
  readonly operator: string;
  /** Names the store in which the index lies: a node that has lost it is another one until it has taken over. */
  readonly instance: string;
}

export interface OwnershipOptions {
  /** How often the owner says that it lives, milliseconds. */
  readonly beatMs: number;
  /** Least run. */
  readonly run: number;
  /** Ends the wait for another's silence. */
  readonly signal?: AbortSignal | undefined;
  /** Told when another node has taken the rows. */
  readonly onTaken: (error: FatalError) => void;
  /** Told when another node's silence is waited for. */
  readonly onWait: (milliseconds: number) => void;
}

const NAME = "owner.json";
const MAX_BYTES = 4096;
/** An owner that has been silent for so many beats is gone: more than it may be sure, and a write may take, together. */
const SILENT_BEATS = 4;
/** An owner that could not speak for so many beats writes nothing before it has. */
const SURE_BEATS = 2;

const schema = z.object({
  deployment: z.string(),
  operator: z.string(),
  instance: z.string(),
  /** Rises with every start. */
  run: z.number().int().nonnegative().max(9_999_999),
  /** Other in every object that is written. */
  beat: z.string(),
  /** Whether the owner has gone. */
  released: z.boolean(),
});

type OwnerRecord = z.infer<typeof schema>;

/**
 * That one node writes under a prefix: an object names it, and it writes that anew with each beat. Who finds another's name there, or
 * its own with another run, stops.
 */
export class Ownership {
  readonly run: number;
  readonly #endpoint: BucketEndpoint;
  readonly #owner: Owner;
  readonly #options: OwnershipOptions;
  readonly #stop = new AbortController();
  #beating: Promise<void> | undefined;
  #sureUntil = 0;
  #taken: FatalError | undefined;

  private constructor(endpoint: BucketEndpoint, owner: Owner, options: OwnershipOptions, run: number) {
    this.run = run;
    this.#endpoint = endpoint;
    this.#owner = owner;
    this.#options = options;
  }

  /** @throws FatalError storage/rows-of-another, storage/rows-in-use, storage/not-rows */
  static async claim(endpoint: BucketEndpoint, owner: Owner, options: OwnershipOptions): Promise<Ownership> {
    const found = await readOwner(endpoint);
    if (found !== undefined) await requireFree(endpoint, owner, found, options);
    const run = Math.max(options.run, (found?.run ?? 0) + 1);
    const ownership = new Ownership(endpoint, owner, options, run);
    if (!(await ownership.#write(found === undefined))) throw inUse(owner);
    await ownership.#beat();
    ownership.require();
    void ownership.#keepBeating();
    return ownership;
  }

  /** Before anything is written. @throws FatalError storage/rows-taken; what the endpoint throws */
  async confirm(): Promise<void> {
    this.require();
    if (performance.now() > this.#sureUntil) await this.#beatOnce();
    this.require();
  }

  /** @throws FatalError storage/rows-taken */
  require(): void {
    if (this.#taken !== undefined) throw this.#taken;
  }

  /** Lets another take over at once. */
  async release(): Promise<void> {
    this.#stop.abort();
    await this.#beating?.catch(() => undefined);
    // Who can't be told waits for our silence.
    if (this.#taken === undefined) await this.#write(false, true).catch(() => undefined);
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#taken === undefined) {
      await pause(this.#options.beatMs, signal);
      if (signal.aborted) return;
      // An endpoint that is away is asked again; until then nothing is written.
      await this.#beatOnce().catch(() => undefined);
    }
  }

  #beatOnce(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async #beat(): Promise<void> {
    const started = performance.now();
    const found = await readOwner(this.#endpoint);
    if (found === undefined || found.run !== this.run || found.instance !== this.#owner.instance) {
      this.#taken = takenBy(found);
      this.#options.onTaken(this.#taken);
      return;
    }
    await this.#write(false);
    this.#sureUntil = started + SURE_BEATS * this.#options.beatMs;
  }

  /** False when somebody else was first. */
  async #write(isFirst: boolean, released = false): Promise<boolean> {
    const record: OwnerRecord = { ...this.#owner, run: this.run, beat: randomUUID(), released };
    const outcome = await this.#endpoint.put(NAME, Buffer.from(JSON.stringify(record)), isFirst);
    // Perhaps our own, from a request whose answer was lost.
    return outcome === "done" || (await readOwner(this.#endpoint))?.instance === this.#owner.instance;
  }
}

async function readOwner(endpoint: BucketEndpoint): Promise<OwnerRecord | undefined> {
  const bytes = await endpoint.get(NAME, 0, MAX_BYTES);
  if (bytes === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw new FatalError(
    "storage/not-rows",
    `${NAME} under the prefix was not written by a storage node: choose another prefix`,
  );
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Waits for the silence of another instance of the same node, whose index is lost. */
async function requireFree(
  endpoint: BucketEndpoint,
  owner: Owner,
  found: OwnerRecord,
  { beatMs, onWait, signal }: OwnershipOptions,
): Promise<void> {
  if (found.operator !== owner.operator || found.deployment !== owner.deployment)
    throw new FatalError(
      "storage/rows-of-another",
      `the rows under this prefix are ${found.operator}'s on ${found.deployment}: give every node a prefix of its own`,
      { operator: found.operator, deployment: found.deployment },
    );
  if (found.released || found.instance === owner.instance) return;
  onWait(SILENT_BEATS * beatMs);
  for (let beat = 0; beat < SILENT_BEATS; beat++) {
    await pause(beatMs, signal);
    signal?.throwIfAborted();
    const now = await readOwner(endpoint);
    if (now?.released === true) return;
    if (now?.beat !== found.beat) throw inUse(owner);
  }
}

function inUse({ operator }: Owner): FatalError {
  return new FatalError(
    "storage/rows-in-use",
    `another node of ${operator} writes under this prefix: stop it, or give this one another prefix`,
    { operator },
  );
}

function takenBy(found: OwnerRecord | undefined): FatalError {
  const by =
    found === undefined ? "its owner's name was removed" : `run ${found.run} of ${found.operator} took them`;
  return new FatalError(
    "storage/rows-taken",
    `the rows in the bucket are not this node's any more: ${by}; start it again`,
  );
}

/** What an uploader is told: it can do nothing about it, and another node may take the rows. */
export function refusedUpload(error: FatalError): RetryableError {
  return new RetryableError("storage/write-failed", error.message, {}, error);
}
