import type { Control } from "../../../../keepers/kv/format/controls.ts";
import type { StreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import { leafAt, rootOf, sha } from "../trie/leaves.ts";

/** A batch, and who asks for it under which nonce. */
export interface Asked {
  readonly writer: string;
  readonly nonce: bigint;
  readonly batch: StreamBatch;
}

interface Snapshot {
  readonly data: ReadonlyMap<string, { readonly version: number; readonly value: string | undefined }>;
  readonly rights: ReadonlyMap<string, { readonly version: number; readonly value: boolean }>;
  readonly nonces: ReadonlyMap<string, bigint>;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The rules of a stream once more, as simple as they can be written: whole maps for every version, nothing shared with the code. */
export class Model {
  readonly #owner: string;
  readonly #kept: number;
  readonly #snapshots: Snapshot[] = [{ data: new Map(), rights: new Map(), nonces: new Map() }];
  /** Version of the first snapshot that is kept. */
  #first = 0;

  /** @param kept versions that can be read or gone back to; all when absent */
  constructor(owner: string, kept = Number.POSITIVE_INFINITY) {
    this.#owner = owner;
    this.#kept = kept;
  }

  get version(): number {
    return this.#first + this.#snapshots.length - 1;
  }

  /** @returns the code of a refusal */
  apply({ writer, nonce, batch }: Asked): string | undefined {
    const before = this.#snapshots.at(-1)!;
    const version = this.version + 1;
    const nonces = new Map(before.nonces);
    const isReplayed = (nonces.get(writer) ?? -1n) >= nonce;
    const isStranger = !this.#hasRights(before, writer);
    if (!isReplayed && !isStranger) nonces.set(writer, nonce);
    const refusal = isStranger
      ? "kv/no-rights"
      : isReplayed
        ? "kv/replayed"
        : this.#refusal(before, writer, batch);
    const data = new Map(before.data);
    const rights = new Map(before.rights);
    if (refusal === undefined) {
      for (const { key, value } of batch.writes)
        data.set(hex(key), { version, value: value === undefined ? undefined : hex(value) });
      for (const control of batch.controls) {
        const [name, value] = right(control, writer);
        rights.set(name, { version, value });
      }
    }
    this.#snapshots.push({ data, rights, nonces });
    if (this.#snapshots.length > this.#kept) {
      this.#snapshots.shift();
      this.#first++;
    }
    return refusal;
  }

  rewind(version: number): void {
    this.#snapshots.length = version - this.#first + 1;
  }

  /** Keys that are there at a version, in the order of their bytes. */
  items(version: number): { key: string; version: number; value: string }[] {
    return [...this.#snapshots[version - this.#first]!.data]
      .flatMap(([key, { version: since, value }]) =>
        value === undefined ? [] : [{ key, version: since, value }],
      )
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** What the trie's leaves are to be: of each key with its space, the version and the value. */
  leaves(at = this.version): { key: Buffer; version: number; value: Buffer }[] {
    const { data, rights } = this.#snapshots[at - this.#first]!;
    const leaves = [...data].flatMap(([key, { version, value }]) =>
      value === undefined
        ? []
        : [{ key: Buffer.from(`00${key}`, "hex"), version, value: Buffer.from(value, "hex") }],
    );
    for (const [name, { version, value }] of rights)
      leaves.push({ key: Buffer.from(`01${name}`, "hex"), version, value: Buffer.of(value ? 1 : 0) });
    return leaves;
  }

  #hasRights({ rights }: Snapshot, writer: string): boolean {
    const given = [...rights].filter(([, { value }]) => value).map(([name]) => name);
    const admin = rights.get(`61${writer}`)?.value ?? writer === this.#owner;
    return admin || given.some((name) => name === `77${writer}` || name.startsWith(`6b${writer}`));
  }

  #refusal(
    state: Snapshot,
    writer: string,
    { seen, reads, writes, controls }: StreamBatch,
  ): string | undefined {
    const has = (name: string) => state.rights.get(name)?.value === true;
    const admin = state.rights.get(`61${writer}`)?.value ?? writer === this.#owner;
    const isWriter = has(`77${writer}`);
    const mayWrite = (key: string) => admin || (has(`73${key}`) ? has(`6b${writer}${key}`) : isWriter);
    const may = (control: Control) =>
      admin ||
      control.kind.startsWith("renounce") ||
      (control.kind === "grantWriter" && isWriter) ||
      (control.kind === "grantKeyWriter" && has(`6b${writer}${hex(control.key)}`));
    if (!writes.every(({ key }) => mayWrite(hex(key)))) return "kv/may-not-write";
    if (!controls.every(may)) return "kv/may-not-control";
    const isStale = (key: Uint8Array) => BigInt(state.data.get(hex(key))?.version ?? 0) > seen;
    return reads.some(isStale) ? "kv/conflict" : undefined;
  }
}

function right(control: Control, writer: string): readonly [string, boolean] {
  const key = "key" in control ? hex(control.key) : "";
  const account = "account" in control ? hex(control.account) : writer;
  const given = /^(grant|makeSpecial)/.test(control.kind);
  if (/Admin$/.test(control.kind)) return [`61${account}`, given];
  if (/^make/.test(control.kind)) return [`73${key}`, given];
  if (/KeyWriter$/.test(control.kind)) return [`6b${account}${key}`, given];
  return [`77${account}`, given];
}

/** The root over entries by the definition in the format page. */
export function rootOfEntries(entries: readonly { key: Buffer; version: number; value: Buffer }[]): Buffer {
  const leaves = entries.map(({ key, version, value }) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(version));
    return leafAt(sha(key), sha(number, value));
  });
  return rootOf(leaves);
}
