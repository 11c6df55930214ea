import type { StreamBatch } from "../format/streamBatch.ts";
import { Access, adminKey, effectOf, keysOfAccess } from "./access.ts";
import type { Staging } from "./staging.ts";
import { SPACES, type SpacedKey, spacedKey } from "./stateKeys.ts";

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
  const key = spacedKey(SPACES.nonces, writer);
  await state.load([key]);
  const last = state.value(key);
  if (last !== undefined && last.readBigUInt64BE(0) >= nonce)
    return { code: "kv/replayed", reason: `nonce ${nonce} is not above ${last.readBigUInt64BE(0)}` };
  const value = Buffer.allocUnsafe(8);
  value.writeBigUInt64BE(nonce);
  state.set(key, { version: number, value });
  return undefined;
}

/** Takes a batch in as a whole, or says why not. Rights are those before the batch. */
export async function applyBatch(
  state: Staging,
  batch: StreamBatch,
  sender: Sender,
): Promise<Refusal | undefined> {
  const writes = batch.writes.map(({ key, value }) => ({ key: dataKey(key), value }));
  const reads = batch.reads.map(dataKey);
  await state.load([adminKey(sender.writer), ...reads, ...writes.map(({ key }) => key)]);
  const refusal = (await findMissingRight(state, batch, sender)) ?? findConflict(state, batch, reads);
  if (refusal !== undefined) return refusal;
  const effects = batch.controls.map((control) => effectOf(control, sender.writer));
  await state.load(effects.map(([key]) => key));
  const { number: version } = sender;
  for (const { key, value } of writes)
    state.set(key, { version, value: value && Buffer.from(value.buffer, value.byteOffset, value.length) });
  for (const [key, value] of effects) state.set(key, { version, value });
  return undefined;
}

async function findMissingRight(
  state: Staging,
  { writes, controls }: StreamBatch,
  { stream, writer }: Sender,
): Promise<Refusal | undefined> {
  const access = new Access(state, stream, writer);
  if (access.isAdmin) return undefined;
  const controlled = controls.flatMap((control) => ("key" in control ? [control.key] : []));
  await state.load(keysOfAccess(writer, [...writes.map(({ key }) => key), ...controlled]));
  const write = writes.find(({ key }) => !access.mayWrite(key));
  if (write !== undefined)
    return { code: "kv/may-not-write", reason: `the writer may not write key 0x${hex(write.key)}` };
  const control = controls.find((one) => !access.mayControl(one));
  if (control === undefined) return undefined;
  return { code: "kv/may-not-control", reason: `the writer has no right to ${control.kind}` };
}

function findConflict(state: Staging, batch: StreamBatch, reads: readonly SpacedKey[]): Refusal | undefined {
  const place = reads.findIndex((key) => BigInt(state.entry(key)?.version ?? 0) > batch.seen);
  if (place < 0) return undefined;
  const { version } = state.entry(reads[place]!)!;
  const key = hex(batch.reads[place]!);
  return {
    code: "kv/conflict",
    reason: `key 0x${key} has changed in version ${version}, after ${batch.seen}`,
  };
}

function dataKey(key: Uint8Array): SpacedKey {
  return spacedKey(SPACES.data, key);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
