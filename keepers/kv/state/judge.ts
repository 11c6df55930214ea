import type { StreamBatch } from "../format/streamBatch.ts";
import { Access, adminKey, effectOf, loadAccess } from "./access.ts";
import type { Staging } from "./staging.ts";
import { SPACES, spacedKey } from "./stateKeys.ts";

/** Why a batch changes nothing. */
export interface Refusal {
  readonly code: "kv/replayed" | "kv/bad-batch" | "kv/conflict" | "kv/may-not-write" | "kv/may-not-control";
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

/** Refuses what a writer has asked for before; notes the nonce. */
export async function takeNonce(
  state: Staging,
  { writer, nonce, number }: Sender,
): Promise<Refusal | undefined> {
  const [cell] = await state.load([spacedKey(SPACES.nonces, writer)]);
  const last = cell!.entry?.value?.readBigUInt64BE(0);
  if (last !== undefined && last >= nonce)
    return { code: "kv/replayed", reason: `nonce ${nonce} is not above ${last}` };
  const value = Buffer.allocUnsafe(8);
  value.writeBigUInt64BE(nonce);
  state.set(cell!, { version: number, value });
  return undefined;
}

/** Takes a batch in as a whole, or says why not. Rights are those before the batch. */
export async function applyBatch(
  state: Staging,
  batch: StreamBatch,
  sender: Sender,
): Promise<Refusal | undefined> {
  const cells = await state.load(batch.writes.map(({ key }) => dataKey(key)));
  const refusal = (await findMissingRight(state, batch, sender)) ?? (await findConflict(state, batch));
  if (refusal !== undefined) return refusal;
  const effects = batch.controls.map((control) => effectOf(control, sender.writer));
  const rights = await state.load(effects.map(([key]) => key));
  const { number: version } = sender;
  for (const [i, { value }] of batch.writes.entries())
    state.set(cells[i]!, {
      version,
      value: value && Buffer.from(value.buffer, value.byteOffset, value.length),
    });
  for (const [i, [, value]] of effects.entries()) state.set(rights[i]!, { version, value });
  return undefined;
}

async function findMissingRight(
  state: Staging,
  batch: StreamBatch,
  { stream, writer }: Sender,
): Promise<Refusal | undefined> {
  await state.load([adminKey(writer)]);
  const access = new Access(state, stream, writer);
  if (access.isAdmin) return undefined;
  await loadAccess(state, writer, batch);
  const write = batch.writes.find(({ key }) => !access.mayWrite(key));
  if (write !== undefined)
    return { code: "kv/may-not-write", reason: `the writer may not write key 0x${hex(write.key)}` };
  const control = batch.controls.find((one) => !access.mayControl(one));
  if (control === undefined) return undefined;
  return { code: "kv/may-not-control", reason: `the writer has no right to ${control.kind}` };
}

async function findConflict(state: Staging, { reads, seen }: StreamBatch): Promise<Refusal | undefined> {
  const cells = await state.load(reads.map(dataKey));
  const place = cells.findIndex(({ entry }) => BigInt(entry?.version ?? 0) > seen);
  if (place < 0) return undefined;
  const reason = `key 0x${hex(reads[place]!)} has changed in version ${cells[place]!.entry!.version}, after ${seen}`;
  return { code: "kv/conflict", reason };
}

function dataKey(key: Uint8Array): Buffer {
  return spacedKey(SPACES.data, key);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
