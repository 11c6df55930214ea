import type { Control } from "../format/controls.ts";
import { ADDRESS_BYTES } from "../format/limits.ts";
import type { StreamBatch } from "../format/streamBatch.ts";
import type { Cell, Staging } from "./staging.ts";
import { type EntryKey, SPACES } from "./stateKeys.ts";

/*
 * Who may do what, as entries of a stream of their own: "a" account: admin; "w" account: writer; "s" key: only its writers may
 * write it; "k" account key: a writer of that key. The value is 1 or 0. The owner of a stream, who is named in its id, is its
 * admin until it renounces.
 */

const KINDS = { a: Buffer.from("a"), w: Buffer.from("w"), s: Buffer.from("s"), k: Buffer.from("k") };
const YES = Buffer.of(1);
const NO = Buffer.of(0);

const adminKey = (state: Staging, account: Uint8Array) => accessKey(state, "a", account);
const writerKey = (state: Staging, account: Uint8Array) => accessKey(state, "w", account);
const specialKey = (state: Staging, key: Uint8Array) => accessKey(state, "s", key);
const keyWriterKey = (state: Staging, account: Uint8Array, key: Uint8Array) =>
  accessKey(state, "k", account, key);
/** How many keys are special: while none is, no key is looked up for it. */
const specialsKey = (state: Staging) => state.keyOf(SPACES.counts, SPECIALS);
/** How many keys an account is a writer of. */
const keysOf = (state: Staging, account: Uint8Array) => state.keyOf(SPACES.counts, KEYS, account);
const SPECIALS = Buffer.from("specials");
const KEYS = Buffer.from("k");

/** What an account may not do of what it asks for. */
export type Denied = { readonly write: Uint8Array } | { readonly control: Control };

/** What an account is in a stream, apart from single keys. */
export interface Rights {
  readonly isAdmin: boolean;
  readonly isWriter: boolean;
  /** Whether it may do anything at all; nobody else's bytes are worth waiting for. */
  readonly hasAny: boolean;
}

export async function rightsOf(state: Staging, id: Uint8Array, account: Uint8Array): Promise<Rights> {
  const cells = await state.load([
    adminKey(state, account),
    writerKey(state, account),
    keysOf(state, account),
  ]);
  const [admin, writer, keys] = cells;
  const [mayAll, isWriter] = [isAdmin(admin!, id, account), holds(writer)];
  return { isAdmin: mayAll, isWriter, hasAny: mayAll || isWriter || countIn(keys!) > 0 };
}

/** The first part of a batch that an account has no right to, as things stand; undefined when it may do all of it. */
export async function findDenied(
  state: Staging,
  account: Uint8Array,
  { isAdmin: mayAll, isWriter }: Rights,
  { writes, controls }: Pick<StreamBatch, "writes" | "controls">,
): Promise<Denied | undefined> {
  if (mayAll) return undefined;
  const [specials] = await state.load([specialsKey(state)]);
  const keys = writes.map(({ key }) => key);
  const special = countIn(specials!) === 0 ? [] : await holding(state, keys, (key) => specialKey(state, key));
  const asWriterOf = (key: Uint8Array) => keyWriterKey(state, account, key);
  // Admins write everything, writers what is not special, a key's writers that key.
  const own = new Set(await holding(state, special, asWriterOf));
  const set = new Set(special);
  const write = keys.find((key) => (set.has(key) ? !own.has(key) : !isWriter));
  if (write !== undefined) return { write };
  const controlled = controls.flatMap((control) => ("key" in control ? [control.key] : []));
  const given = new Set(await holding(state, controlled, asWriterOf));
  const control = controls.find((one) => !mayControl(one, isWriter, given));
  return control && { control };
}

/** Writes what the controls of an account do. */
export async function applyControls(
  state: Staging,
  controls: readonly Control[],
  account: Uint8Array,
  version: number,
): Promise<void> {
  if (controls.length === 0) return;
  const effects = controls.map((control) => effectOf(state, control, account));
  const counts = controls.map((control) => countOf(state, control, account));
  const cells = await state.load(effects.map(([key]) => key));
  const counters = await state.load(counts.map((key) => key ?? specialsKey(state)));
  for (const [i, [, value]] of effects.entries()) {
    const [cell, count] = [cells[i]!, counters[i]!];
    const more = (value === YES ? 1 : 0) - (holds(cell) ? 1 : 0);
    if (more !== 0 && counts[i] !== undefined) state.set(count, version, encodeCount(countIn(count) + more));
    state.set(cell, version, value);
  }
}

/** What counts the rights that a control gives or takes; undefined when nothing does. */
function countOf(state: Staging, control: Control, account: Uint8Array): EntryKey | undefined {
  switch (control.kind) {
    case "makeSpecial":
    case "makeNormal":
      return specialsKey(state);
    case "renounceKeyWriter":
      return keysOf(state, account);
    case "grantKeyWriter":
    case "revokeKeyWriter":
      return keysOf(state, control.account);
    default:
      return undefined;
  }
}

function mayControl(control: Control, isWriter: boolean, keyWriterOf: ReadonlySet<Uint8Array>): boolean {
  switch (control.kind) {
    case "renounceAdmin":
    case "renounceWriter":
    case "renounceKeyWriter":
      return true;
    case "grantWriter":
      return isWriter;
    case "grantKeyWriter":
      return keyWriterOf.has(control.key);
    default:
      return false;
  }
}

/** The entry that a control of an account writes. */
function effectOf(state: Staging, control: Control, account: Uint8Array): readonly [EntryKey, Buffer] {
  switch (control.kind) {
    case "grantAdmin":
      return [adminKey(state, control.account), YES];
    case "renounceAdmin":
      return [adminKey(state, account), NO];
    case "makeSpecial":
      return [specialKey(state, control.key), YES];
    case "makeNormal":
      return [specialKey(state, control.key), NO];
    case "grantWriter":
      return [writerKey(state, control.account), YES];
    case "revokeWriter":
      return [writerKey(state, control.account), NO];
    case "renounceWriter":
      return [writerKey(state, account), NO];
    case "grantKeyWriter":
      return [keyWriterKey(state, control.account, control.key), YES];
    case "revokeKeyWriter":
      return [keyWriterKey(state, control.account, control.key), NO];
    default:
      return [keyWriterKey(state, account, control.key), NO];
  }
}

/** Those of some keys whose entry of a kind is 1. */
async function holding(
  state: Staging,
  keys: readonly Uint8Array[],
  entryOf: (key: Uint8Array) => EntryKey,
): Promise<Uint8Array[]> {
  const cells = await state.load(keys.map(entryOf));
  return keys.filter((_, i) => holds(cells[i]));
}

/** The owner is one until it renounces. */
function isAdmin(admin: Cell, id: Uint8Array, account: Uint8Array): boolean {
  const isOwner = Buffer.compare(id.subarray(0, ADDRESS_BYTES), account) === 0;
  return admin.entry === undefined ? isOwner : holds(admin);
}

function holds(cell: Cell | undefined): boolean {
  return cell?.entry?.value?.[0] === YES[0];
}

function countIn(cell: Cell): number {
  return cell.entry?.value?.readUInt32BE(0) ?? 0;
}

function encodeCount(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(count);
  return bytes;
}

function accessKey(state: Staging, kind: keyof typeof KINDS, ...parts: readonly Uint8Array[]): EntryKey {
  return state.keyOf(SPACES.access, KINDS[kind], ...parts);
}
