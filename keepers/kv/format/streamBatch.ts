import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, compareBytes } from "../../runtime/platform/bytes.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { CONTROL_FORMS, type Control, controlOf } from "./controls.ts";
import { ADDRESS_BYTES, MAX_BATCH_BYTES, MAX_ITEMS, MAX_KEY_BYTES, MAX_VALUE_BYTES } from "./limits.ts";

/*
 * A batch of a stream: "MYKV", version u16, seen u64, then three lists, each behind its count u32:
 * reads:    key;
 * writes:   op u8 (1 put, 2 delete), key, for a put: length u32, value;
 * controls: op u8, for those that have it: key, account (20).
 * A key is its length u16 and its bytes. All is big-endian. The keys of reads, and those of writes, rise strictly, so that
 * one batch has one form and no key comes twice.
 */

/** What is done to a key; without a value it is deleted. */
export interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** What happens together or not at all. */
export interface StreamBatch {
  /** The version of the stream that the writer has read: a key of `reads` that changed later refuses the batch. */
  readonly seen: bigint;
  readonly reads: readonly Uint8Array[];
  readonly writes: readonly Write[];
  readonly controls: readonly Control[];
}

const MAGIC = 0x4d_59_4b_56; // "MYKV"
const VERSION = 1;
const PUT = 1;
const DELETE = 2;
const HEADER_BYTES = 4 + 2 + 8;

/** Serialises a batch; reads and writes in any order. @throws FatalError kv/bad-batch */
export function encodeStreamBatch(batch: StreamBatch): Bytes {
  const reads = batch.reads.toSorted(compareBytes);
  const writes = batch.writes.toSorted((a, b) => compareBytes(a.key, b.key));
  check({ ...batch, reads, writes });
  const writer = new ByteWriter(sizeOf(batch));
  writer.u32(MAGIC);
  writer.u16(VERSION);
  writer.u64(batch.seen);
  writer.u32(reads.length);
  for (const key of reads) writer.short(key);
  writer.u32(writes.length);
  for (const { key, value } of writes) {
    writer.u8(value === undefined ? DELETE : PUT);
    writer.short(key);
    if (value !== undefined) writer.long(value);
  }
  writer.u32(batch.controls.length);
  for (const control of batch.controls) writeControl(writer, control);
  return writer.bytes;
}

/**
 * Reads a batch that fills `input` exactly; keys and values are views of it.
 * @throws FatalError kv/bad-batch for what `encodeStreamBatch` would not have written
 */
export function parseStreamBatch(input: Uint8Array): StreamBatch {
  if (input.length > MAX_BATCH_BYTES) throw bad(`${input.length} bytes, more than ${MAX_BATCH_BYTES}`);
  const reader = new ByteReader(input, bad);
  if (reader.u32() !== MAGIC) throw bad("it does not start with MYKV");
  const version = reader.u16();
  if (version !== VERSION) throw bad(`version ${version}, known is ${VERSION}`);
  const batch = {
    seen: reader.u64(),
    reads: listOf(reader, 3, () => reader.short()),
    writes: listOf(reader, 4, () => readWrite(reader)),
    controls: listOf(reader, 1, () => readControl(reader)),
  };
  reader.end();
  check(batch);
  return batch;
}

/** @param least bytes of the shortest item: a count is not believed unless its items may be there */
function listOf<T>(reader: ByteReader, least: number, read: () => T): T[] {
  const count = reader.u32();
  if (count > MAX_ITEMS || count * least > reader.left) throw bad(`a list of ${count}`);
  return Array.from({ length: count }, read);
}

function readWrite(reader: ByteReader): Write {
  const op = reader.u8();
  if (op !== PUT && op !== DELETE) throw bad(`a write with op ${op}`);
  const key = reader.short();
  return { key, value: op === PUT ? reader.long() : undefined };
}

function readControl(reader: ByteReader): Control {
  const code = reader.u8();
  const kind = controlOf(code);
  if (kind === undefined) throw bad(`a control with op ${code}`);
  const { hasKey, hasAccount } = CONTROL_FORMS[kind];
  const key = hasKey && { key: reader.short() };
  const account = hasAccount && { account: reader.take(ADDRESS_BYTES) };
  return { kind, ...key, ...account } as Control;
}

function writeControl(writer: ByteWriter, control: Control): void {
  writer.u8(CONTROL_FORMS[control.kind].code);
  if ("key" in control) writer.short(control.key);
  if ("account" in control) writer.raw(control.account);
}

function sizeOf({ reads, writes, controls }: StreamBatch): number {
  let bytes = HEADER_BYTES + 3 * 4;
  for (const key of reads) bytes += 2 + key.length;
  for (const { key, value } of writes) bytes += 3 + key.length + (value === undefined ? 0 : 4 + value.length);
  for (const control of controls)
    bytes += 1 + ("key" in control ? 2 + control.key.length : 0) + ("account" in control ? ADDRESS_BYTES : 0);
  if (bytes > MAX_BATCH_BYTES) throw bad(`${bytes} bytes, more than ${MAX_BATCH_BYTES}`);
  return bytes;
}

function check({ seen, reads, writes, controls }: StreamBatch): void {
  if (seen < 0n || seen >= 2n ** 64n) throw bad(`it has seen version ${seen}`);
  for (const { length } of [reads, writes, controls])
    if (length > MAX_ITEMS) throw bad(`a list of ${length}, more than ${MAX_ITEMS}`);
  if (writes.length + controls.length === 0) throw bad("it changes nothing");
  checkKeys(reads);
  checkKeys(writes.map(({ key }) => key));
  for (const { value } of writes)
    if (value !== undefined && value.length > MAX_VALUE_BYTES)
      throw bad(`a value of ${value.length} bytes, more than ${MAX_VALUE_BYTES}; store it as an object`);
  for (const control of controls) {
    if ("key" in control) checkKey(control.key);
    if ("account" in control && control.account.length !== ADDRESS_BYTES)
      throw bad(`an account of ${control.account.length} bytes`);
  }
}

function checkKeys(keys: readonly Uint8Array[]): void {
  let last: Uint8Array | undefined;
  for (const key of keys) {
    checkKey(key);
    if (last !== undefined && compareBytes(last, key) >= 0)
      throw bad("its keys do not rise, or one comes twice");
    last = key;
  }
}

function checkKey({ length }: Uint8Array): void {
  if (length === 0 || length > MAX_KEY_BYTES)
    throw bad(`a key of ${length} bytes, not 1 to ${MAX_KEY_BYTES}`);
}

function bad(reason: string): FatalError {
  return new FatalError("kv/bad-batch", `not a batch of a stream: ${reason}`, { reason });
}
