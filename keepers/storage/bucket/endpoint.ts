import type { Readable } from "node:stream";
import type { GetObjectCommandOutput, ListObjectsV2CommandOutput, S3Client } from "@aws-sdk/client-s3";
import { RetryableError } from "../../runtime/errors.ts";
import { Semaphore } from "../../runtime/semaphore.ts";
import { failureOf, readFailure } from "./failures.ts";
import { type BucketSettings, parseEndpoint, readBucketCredentials } from "./settings.ts";

/** What a request came to: "missing" where there is no object, "taken" where there is one already. */
export type RequestOutcome = "done" | "missing" | "taken" | "failed";

/** Told of every request, with its repetitions. */
export type RequestListener = (
  operation: "put" | "get" | "list" | "delete",
  outcome: RequestOutcome,
  seconds: number,
  repetitions: number,
) => void;

export interface ListedObject {
  /** Without the prefix. */
  readonly name: string;
  readonly size: number;
}

type Sdk = typeof import("@aws-sdk/client-s3");
type Command = Parameters<S3Client["send"]>[0];
type MetadataBearer = Pick<GetObjectCommandOutput, "$metadata">;

const REQUESTS_AT_ONCE = 16;
const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;
const HURRY_MS = 2_000;
const BROKEN_OFF = "answer-broke-off";
/** An endpoint that moves slower than this doesn't, bytes a second. */
const LEAST_RATE = 256 * 1024;

/**
 * Objects under a prefix of a bucket. Every request has its time, is repeated a few times with growing pauses, and goes nowhere but to the
 * endpoint. What fails before `started` is told apart by whether the settings must change; later everything passes some time.
 */
export class BucketEndpoint {
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #settings: BucketSettings;
  readonly #origin: string;
  readonly #onRequest: RequestListener | undefined;
  readonly #places = new Semaphore(REQUESTS_AT_ONCE);
  readonly #stop = new AbortController();
  #hasStarted = false;
  #takesConditions = true;

  private constructor(
    sdk: Sdk,
    client: S3Client,
    settings: BucketSettings,
    origin: string,
    onRequest?: RequestListener,
  ) {
    this.#sdk = sdk;
    this.#client = client;
    this.#settings = settings;
    this.#origin = origin;
    this.#onRequest = onRequest;
  }

  /** @throws what `parseEndpoint` and `readBucketCredentials` throw; nothing is sent yet */
  static async open(settings: BucketSettings, onRequest?: RequestListener): Promise<BucketEndpoint> {
    const url = parseEndpoint(settings);
    const credentials = await readBucketCredentials(settings.credentialsFile);
    // A node with a directory does not pay for loading it.
    const sdk = await import("@aws-sdk/client-s3");
    const client = new sdk.S3Client({
      endpoint: url.href,
      region: settings.region ?? "us-east-1",
      forcePathStyle: settings.pathStyle ?? true,
      credentials: { ...credentials, sessionToken: credentials.sessionToken ?? "" },
      maxAttempts: ATTEMPTS,
      retryMode: "standard",
      defaultsMode: "standard",
      followRegionRedirects: false,
      // Others than AWS don't know the newer checksums; rows carry their own.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: settings.timeoutMs ?? TIMEOUT_MS,
        socketTimeout: settings.timeoutMs ?? TIMEOUT_MS,
        httpAgent: { keepAlive: true, maxSockets: REQUESTS_AT_ONCE },
        httpsAgent: { keepAlive: true, maxSockets: REQUESTS_AT_ONCE },
      },
    });
    return new BucketEndpoint(sdk, client, settings, url.origin, onRequest);
  }

  /** Gives requests that are under way only a short time more, once the signal aborts. */
  hurryWhen(signal: AbortSignal): void {
    const hurry = () => setTimeout(() => this.#stop.abort(), HURRY_MS).unref();
    if (signal.aborted) hurry();
    else signal.addEventListener("abort", hurry, { once: true, signal: this.#stop.signal });
  }

  /** From here on no failure is the settings' fault alone. */
  started(): void {
    this.#hasStarted = true;
  }

  /**
   * Stores an object. Where the endpoint knows conditions, "taken" when there is one of that name: perhaps this very one, from a
   * request whose answer was lost.
   */
  async put(name: string, body: Uint8Array, once: boolean): Promise<"done" | "taken"> {
    const send = async (condition: boolean) => {
      const command = new this.#sdk.PutObjectCommand({
        ...this.#object(name),
        Body: body,
        ContentLength: body.length,
        ContentType: "application/octet-stream",
        ...(condition && { IfNoneMatch: "*" }),
      });
      const work = { operation: "put", what: "take rows", bytes: body.length } as const;
      const { outcome } = await this.#send(command, work, {
        // 409: two that are under way at once, of which one may be our own.
        accepts: ({ status }) => (condition && (status === 412 || status === 409) ? "taken" : undefined),
      });
      return outcome === "taken" ? "taken" : "done";
    };
    if (!once || !this.#takesConditions) return await send(false);
    try {
      return await send(true);
    } catch (error) {
      if (!isUnknownHere(error)) throw error;
      this.#takesConditions = false;
      return await send(false);
    }
  }

  /** Bytes of an object, fewer at its end; undefined when there is none, or it ends before. */
  async get(name: string, offset: number, length: number): Promise<Buffer | undefined> {
    const Range = `bytes=${offset}-${offset + length - 1}`;
    const command = () => new this.#sdk.GetObjectCommand({ ...this.#object(name), Range });
    const work = { operation: "get", what: "give rows", bytes: length } as const;
    for (let attempt = 1; ; attempt++) {
      try {
        const { value } = await this.#send(command(), work, {
          take: ({ Body, $metadata }: GetObjectCommandOutput, signal) =>
            readBody(Body as Readable, $metadata.httpStatusCode === 206 ? 0 : offset, length, signal),
          accepts: ({ name: reason, status }) =>
            reason === "NoSuchKey" || status === 416 ? "missing" : undefined,
        });
        return value;
      } catch (error) {
        // The SDK repeats what was not answered, not what broke off.
        if (attempt === ATTEMPTS || !isBrokenOff(error)) throw error;
      }
    }
  }

  /** All objects whose names begin with `prefix`, a page at a time. */
  async *list(prefix: string): AsyncGenerator<ListedObject> {
    const { bucket: Bucket } = this.#settings;
    const whole = this.#key(prefix);
    for (let StartAfter: string | undefined; ; ) {
      const command = new this.#sdk.ListObjectsV2Command({
        ...{ Bucket, Prefix: whole },
        ...(StartAfter !== undefined && { StartAfter }),
      });
      const work = { operation: "list", what: "list rows", bytes: 0 } as const;
      const { value } = await this.#send(command, work, {
        take: async (page: ListObjectsV2CommandOutput) => page,
      });
      const { Contents = [], IsTruncated } = value!;
      for (const { Key = "", Size = 0 } of Contents)
        if (Key.startsWith(whole)) yield { name: Key.slice(whole.length - prefix.length), size: Size };
      const last = Contents.at(-1)?.Key;
      if (IsTruncated !== true || last === undefined) return;
      StartAfter = last;
    }
  }

  async remove(name: string): Promise<void> {
    const command = new this.#sdk.DeleteObjectCommand(this.#object(name));
    await this.#send(
      command,
      { operation: "delete", what: "remove rows", bytes: 0 },
      {
        accepts: (failure) => (failure.name === "NoSuchKey" ? "missing" : undefined),
      },
    );
  }

  close(): void {
    this.#stop.abort();
    this.#client.destroy();
  }

  #key(name: string): string {
    return `${this.#settings.prefix ?? ""}${name}`;
  }

  #object(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.#settings.bucket, Key: this.#key(name) };
  }

  async #send<Output extends MetadataBearer, T>(
    command: { readonly input: object },
    { operation, what, bytes }: Work,
    { take, accepts }: Reading<Output, T>,
  ): Promise<{ outcome: RequestOutcome; value?: T }> {
    return await this.#places.run(async () => {
      const started = performance.now();
      const ms = (this.#settings.timeoutMs ?? TIMEOUT_MS) * ATTEMPTS + Math.ceil((bytes / LEAST_RATE) * 1000);
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ms)]);
      const tell = (outcome: RequestOutcome, { attempts = 1 }: { attempts?: number | undefined } = {}) =>
        this.#onRequest?.(operation, outcome, (performance.now() - started) / 1000, attempts - 1);
      try {
        const answer = (await this.#client.send(command as Command, {
          abortSignal: signal,
        })) as unknown as Output;
        const value = await take?.(answer, signal);
        tell("done", answer.$metadata);
        return { outcome: "done", ...(value !== undefined && { value }) };
      } catch (error) {
        const outcome = accepts?.(readFailure(error)) ?? "failed";
        tell(outcome, (error as Partial<MetadataBearer>).$metadata);
        if (outcome !== "failed") return { outcome };
        throw this.#refusal(failureOf(error, this.#origin, what));
      }
    });
  }

  #refusal(failure: ReturnType<typeof failureOf>): Error {
    if (failure.retry || !this.#hasStarted) return failure;
    return new RetryableError("storage/bucket-unavailable", failure.message, failure.details);
  }
}

interface Work {
  readonly operation: Parameters<RequestListener>[0];
  /** "take rows". */
  readonly what: string;
  /** Bytes that go with it, which take their time. */
  readonly bytes: number;
}

interface Reading<Output, T> {
  readonly take?: (answer: Output, signal: AbortSignal) => Promise<T>;
  /** What a refusal means that is none. */
  readonly accepts?: (failure: ReturnType<typeof readFailure>) => "missing" | "taken" | undefined;
}

/** Whether an endpoint does not know what was asked of it (501). */
function isUnknownHere(error: unknown): boolean {
  return error instanceof RetryableError && error.details.status === 501;
}

/** Whether an answer began and did not end. */
function isBrokenOff(error: unknown): boolean {
  return error instanceof RetryableError && error.details.reason === BROKEN_OFF;
}

/** Takes a part out of a body and no more of it; one without ranges sends it all. */
async function readBody(body: Readable, skip: number, length: number, signal: AbortSignal): Promise<Buffer> {
  const end = () => body.destroy(new Error("TimeoutError"));
  signal.addEventListener("abort", end, { once: true });
  const pieces: Buffer[] = [];
  let [passed, taken] = [0, 0];
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      const from = Math.max(0, skip - passed);
      passed += piece.length;
      const part = piece.subarray(from, from + length - taken);
      pieces.push(part);
      taken += part.length;
      // Not when just all is there: a connection whose answer was read to its end is used again.
      if (passed > skip + length) break;
    }
  } catch (cause) {
    throw Object.assign(new Error("the answer broke off", { cause }), { code: BROKEN_OFF });
  } finally {
    signal.removeEventListener("abort", end);
  }
  return Buffer.concat(pieces, taken);
}
