import { Redis } from "ioredis";
import type { Logger } from "pino";
import { FatalError, RetryableError } from "../errors.ts";

export interface RedisOptions {
  readonly url: string;
  readonly password?: string;
  /** Limit for the first connection, milliseconds. */
  readonly timeoutMs?: number;
  /** Accepts a server that forgets or evicts; for caches and tests of such servers. */
  readonly acceptVolatile?: boolean;
  readonly logger?: Logger;
}

const TIMEOUT_MS = 10_000;
const LONGEST_RECONNECT_MS = 2_000;

/**
 * Connects to a Redis that keeps what it is given. Commands wait while the server is away and are sent again when it is
 * back, so every script of ours may run twice.
 * @throws RetryableError "redis/unreachable"; FatalError "redis/refused" for wrong credentials, "redis/volatile" when the
 * server may forget what it has acknowledged.
 */
export async function connectRedis(options: RedisOptions): Promise<Redis> {
  const redis = new Redis(options.url, {
    lazyConnect: true,
    connectTimeout: options.timeoutMs ?? TIMEOUT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => Math.min(tries * 100, LONGEST_RECONNECT_MS),
    ...(options.password === undefined ? {} : { password: options.password }),
  });
  let trouble: Error | undefined;
  redis.on("error", (err) => {
    trouble = err;
    options.logger?.warn({ err }, "redis connection");
  });
  try {
    await withinLimit(redis.connect(), options.timeoutMs ?? TIMEOUT_MS);
    if (options.acceptVolatile !== true) await checkKeeps(redis, options.logger);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw explain(error instanceof FatalError ? error : (trouble ?? error), redactUrl(options.url));
  }
}

/** Closes a connection; what was sent is answered first, if the server is there. */
export async function disconnectRedis(redis: Redis): Promise<void> {
  if (redis.status === "ready") await redis.quit().catch(() => redis.disconnect());
  else redis.disconnect();
}

/** An answer must mean that the disk has it: without `appendfsync always`, Redis answers first and writes later. */
async function checkKeeps(redis: Redis, logger: Logger | undefined): Promise<void> {
  const info = `${await redis.info("persistence")}\n${await redis.info("memory")}`;
  if (/^aof_enabled:0/m.test(info)) throw volatile("it has no append-only file", "appendonly yes");
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "noeviction";
  if (policy !== "noeviction") throw volatile(`it evicts keys (${policy})`, "maxmemory-policy noeviction");
  const fsync = await redis.config("GET", "appendfsync").catch((err: unknown) => {
    logger?.warn({ err }, "redis does not tell its settings: see to it that appendfsync is always");
    return ["appendfsync", "always"];
  });
  const found = String((fsync as unknown[])[1]);
  if (found !== "always") throw volatile(`it answers before it has written (${found})`, "appendfsync always");
}

function volatile(why: string, setting: string): FatalError {
  const message = `This Redis does not keep what it is given: ${why}. Set "${setting}" in its configuration.`;
  return new FatalError("redis/volatile", message, { setting });
}

async function withinLimit(connecting: Promise<void>, ms: number): Promise<void> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(`no connection within ${ms} ms`)), ms);
  try {
    await Promise.race([connecting, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function explain(error: unknown, url: string): Error {
  if (error instanceof FatalError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/NOAUTH|WRONGPASS|NOPERM/.test(message)) {
    return new FatalError(
      "redis/refused",
      `Redis at ${url} refuses the credentials: ${message}`,
      { url },
      error,
    );
  }
  return new RetryableError("redis/unreachable", `No Redis answers at ${url}: ${message}`, { url }, error);
}

function redactUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "(not a URL)";
}
