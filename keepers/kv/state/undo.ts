import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { entriesOf } from "../../runtime/store/walk.ts";
import { encodeEntry, isApart, versionOf } from "./entry.ts";
import type { Head } from "./head.ts";
import { hasLeaf, type KeyRecord } from "./leaf.ts";
import {
  ENTRY_PREFIX_BYTES,
  type EntryKey,
  entryKeyOf,
  historyKey,
  outcomeKey,
  undoKey,
  valueKey,
} from "./stateKeys.ts";

const LENGTH_BYTES = 2;
const NEVER = encodeEntry(0, undefined);

/** Serialises the keys that a batch has changed, each with its space: one behind the other, each behind its length u16. */
export function encodeUndo(keys: readonly EntryKey[]): Buffer {
  const spacedBytes = ({ length }: EntryKey) => length - ENTRY_PREFIX_BYTES;
  const bytes = Buffer.allocUnsafe(keys.reduce((sum, key) => sum + LENGTH_BYTES + spacedBytes(key), 0));
  let at = 0;
  for (const key of keys) {
    at = bytes.writeUInt16BE(spacedBytes(key), at);
    at += key.copy(bytes, at, ENTRY_PREFIX_BYTES);
  }
  return bytes;
}

function parseUndo(stream: number, bytes: Buffer): EntryKey[] {
  const keys: EntryKey[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + LENGTH_BYTES + bytes.readUInt16BE(at);
    keys.push(entryKeyOf(stream, bytes.subarray(at + LENGTH_BYTES, end)));
    at = end;
  }
  return keys;
}

export interface Undoing {
  readonly writes: EngineWrite[];
  /** What the keys with leaves hold behind it; a key that was never written before counts as deleted. */
  readonly restored: readonly KeyRecord[];
}

/** Takes back all that batches above `number` have written. */
export async function undoWrites(engine: Engine, head: Head, number: number): Promise<Undoing> {
  const { stream } = head;
  const writes: EngineWrite[] = [];
  const keys = new Map<string, EntryKey>();
  for (let above = number + 1; above <= head.number; above++) {
    const key = undoKey(stream, above);
    for (const changed of parseUndo(stream, (await engine.get(key)) ?? Buffer.alloc(0)))
      keys.set(changed.toString("latin1"), changed);
    writes.push({ key, value: undefined }, { key: outcomeKey(stream, above), value: undefined });
  }
  const restored: KeyRecord[] = [];
  for (const key of keys.values()) {
    const { record, gone } = await before(engine, key, number);
    for (const one of gone) {
      const version = versionOf(one);
      writes.push({ key: historyKey(key, version), value: undefined });
      if (version > number && isApart(one)) writes.push({ key: valueKey(key, version), value: undefined });
    }
    writes.push({ key, value: record });
    if (hasLeaf(key)) restored.push({ key, value: record ?? NEVER });
  }
  return { writes, restored };
}

/** The record of what a key held at a version, and all its records from that one on. */
async function before(
  engine: Engine,
  key: EntryKey,
  number: number,
): Promise<{ record: Buffer | undefined; gone: Buffer[] }> {
  const latest = await engine.get(key);
  const gone = latest === undefined ? [] : [latest];
  const [low, high] = [historyKey(key, 0), historyKey(key, Number.MAX_SAFE_INTEGER)];
  for await (const [, record] of entriesOf(engine, { low, high, reverse: true })) {
    gone.push(record);
    if (versionOf(record) <= number) return { record, gone };
  }
  return { record: undefined, gone };
}
