import type { StreamBatch } from "../format/streamBatch.ts";
import { applyControls, type Denied, findDenied, type Rights } from "./access.ts";
import type { Cell, Staging } from "./staging.ts";
import { SPACES } from "./stateKeys.ts";

/** Why a batch changes nothing. */
export interface Refusal {
  readonly code:
    | "kv/no-rights"
    | "kv/replayed"
    | "kv/bad-batch"
    | "kv/may-not-write"
    | "kv/may-not-control"
    | "kv/conflict";
  readonly reason: string;
}

/** Who asks for a batch, and where it stands. */
export interface Sender {
  /** Id of the stream. */
  readonly stream: Uint8Array;
  readonly writer: Uint8Array;
  /** Grows with every batch of a writer in a stream. */
  readonly nonce: bigint;
  /** Version that the batch makes. */
  readonly number: number;
}

/** What a batch touches, in its own order. */
export interface Touched {
  readonly reads: readonly Cell[];
  readonly writes: readonly Cell[];
}

/** Judges what needs no bytes: a batch of somebody without any right, or one that was asked for before. */
export async function judgeSender(
  state: Staging,
  { writer, nonce }: Sender,
  rights: Rights,
): Promise<Refusal | undefined> {
  if (!rights.hasAny) return { code: "kv/no-rights", reason: "the writer has no right in this stream" };
  const [cell] = await state.load([state.keyOf(SPACES.nonces, writer)]);
  const last = cell!.entry?.value?.readBigUInt64BE(0);
  if (last === undefined || last < nonce) return undefined;
  return { code: "kv/replayed", reason: `nonce ${nonce} is not above ${last}` };
}

/** Uses a nonce up, whatever comes of its batch. */
export async function noteNonce(state: Staging, { writer, nonce, number }: Sender): Promise<void> {
  const [cell] = await state.load([state.keyOf(SPACES.nonces, writer)]);
  const value = Buffer.allocUnsafe(8);
  value.writeBigUInt64BE(nonce);
  state.set(cell!, number, value);
}

/** Takes a batch in as a whole, or says why not. Rights are those before the batch. */
export async function applyBatch(
  state: Staging,
  batch: StreamBatch,
  touched: Touched,
  { writer, number: version }: Sender,
  rights: Rights,
): Promise<Refusal | undefined> {
  const denied = await findDenied(state, writer, rights, batch);
  const refusal = denied === undefined ? findConflict(batch, touched.reads) : refusalOf(denied);
  if (refusal !== undefined) return refusal;
  for (const [i, { value }] of batch.writes.entries()) state.set(touched.writes[i]!, version, value);
  await applyControls(state, batch.controls, writer, version);
  return undefined;
}

function refusalOf(denied: Denied): Refusal {
  if ("write" in denied)
    return { code: "kv/may-not-write", reason: `the writer may not write key 0x${hex(denied.write)}` };
  return { code: "kv/may-not-control", reason: `the writer has no right to ${denied.control.kind}` };
}

function findConflict({ reads, seen }: StreamBatch, cells: readonly Cell[]): Refusal | undefined {
  // Versions are numbers, so that what was seen may be rounded where no version is.
  const last = Number(seen);
  const place = cells.findIndex(({ version }) => version > last);
  if (place < 0) return undefined;
  const reason = `key 0x${hex(reads[place]!)} has changed in version ${cells[place]!.version}, after ${seen}`;
  return { code: "kv/conflict", reason };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
