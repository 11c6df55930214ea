import { readFile } from "node:fs/promises";
import { hexlify } from "ethers";
import type { AnnouncedWrite, Change } from "../../kv/client/kvTypes.ts";
import type { KvClient } from "../../kv/client.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";
import { whileNoting } from "../terminal/waiting.ts";
import { parseKey } from "./bytes.ts";
import { type KvRequest, type KvSession, withKv } from "./session.ts";

/** A node that follows the stream, and finds its bytes, has judged a batch long before, milliseconds. */
const JUDGED_WITHIN_MS = 120_000;

/** A batch that nodes have taken. */
export interface TakenWrite {
  readonly stream: string;
  readonly version: number;
  readonly nonce: bigint;
  readonly objectRoot: string;
  readonly transaction: string;
}

export interface PutRequest {
  readonly key: string;
  readonly value?: string;
  /** File that holds the value. */
  readonly file?: string;
  /** Refuse it if the key has changed above this version of the stream. */
  readonly ifVersion?: number;
}

/** @throws UsageError; FatalError cli/no-file */
export async function putChange({ key, value, file, ifVersion }: PutRequest, hex: boolean): Promise<Change> {
  if ((value === undefined) === (file === undefined))
    throw new UsageError("name what to put: a value, or --file <path>, and not both");
  const bytes = file === undefined ? Buffer.from(value ?? "") : await contentOf(file);
  const name = parseKey(key, hex);
  return { writes: [{ key: name, value: bytes }], ...condition(name, ifVersion) };
}

export function deleteChange(key: string, ifVersion: number | undefined, hex: boolean): Change {
  const name = parseKey(key, hex);
  return { writes: [{ key: name, value: undefined }], ...condition(name, ifVersion) };
}

/** Writes to the stream and waits for a node's judgement. @throws FatalError with the code of a refusal */
export async function writeChange(request: KvRequest, change: Change): Promise<TakenWrite> {
  return await withKv(request, async (session) => await writeIn(session, request.output, change));
}

/** @throws FatalError with the code of a refusal */
export async function writeIn(
  { kv, stream, signal }: KvSession,
  output: Output,
  change: Change,
): Promise<TakenWrite> {
  const storing = kv.write(stream, [change], { signal });
  const [written] = await whileNoting(output, "storing and announcing the batch", storing);
  return await judged({ kv, signal }, output, stream, written!);
}

/** Waits until a node has judged a batch. @throws FatalError with the code of its refusal */
export async function judged(
  { kv, signal }: Pick<KvSession, "kv" | "signal">,
  output: Output,
  stream: string,
  { version, nonce, objectRoot, transaction }: AnnouncedWrite,
): Promise<TakenWrite> {
  const note = `announced as version ${version}; waiting for a node to judge it`;
  const { refusal } = await whileNoting(output, note, settledInTime(kv, stream, version, signal));
  if (refusal === undefined) return { stream, version, nonce, objectRoot: hexlify(objectRoot), transaction };
  throw new FatalError(refusal.code, `version ${version} was refused: ${refusal.reason}`, {
    stream,
    version,
  });
}

/** @throws RetryableError cli/not-judged */
async function settledInTime(kv: KvClient, stream: string, version: number, signal: AbortSignal) {
  const limit = AbortSignal.timeout(JUDGED_WITHIN_MS);
  try {
    return await kv.settled(stream, version, { signal: AbortSignal.any([signal, limit]) });
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    throw new RetryableError(
      "cli/not-judged",
      `version ${version} is announced, and the node has not judged it yet: see mycelia kv status, and kv batch ${version}`,
      { stream, version },
    );
  }
}

function condition(key: Buffer, ifVersion: number | undefined): Pick<Change, "reads" | "seen"> {
  return ifVersion === undefined ? {} : { reads: [key], seen: BigInt(ifVersion) };
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new FatalError("cli/no-file", `cannot read ${file}`, { file }, cause);
  }
}
