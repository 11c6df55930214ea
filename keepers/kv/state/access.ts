import type { Control } from "../format/controls.ts";
import { ADDRESS_BYTES } from "../format/limits.ts";
import type { StreamBatch } from "../format/streamBatch.ts";
import type { Staging } from "./staging.ts";
import { SPACES, type SpacedKey, spacedKey } from "./stateKeys.ts";

/*
 * Who may do what, as entries of a stream of their own: "a" account: admin; "w" account: writer; "s" key: only its writers may
 * write it; "k" account key: a writer of that key. The value is 1 or 0. The owner of a stream, who is named in its id, is its
 * admin until it renounces.
 */

const YES = Buffer.of(1);
const NO = Buffer.of(0);

export const adminKey = (account: Uint8Array): SpacedKey => accessKey("a", account);
const writerKey = (account: Uint8Array): SpacedKey => accessKey("w", account);
const specialKey = (key: Uint8Array): SpacedKey => accessKey("s", key);
const keyWriterKey = (account: Uint8Array, key: Uint8Array): SpacedKey => accessKey("k", account, key);

/** Makes ready what says what an account may do with the keys that a batch writes and controls. */
export async function loadAccess(
  state: Staging,
  account: Uint8Array,
  { writes, controls }: Pick<StreamBatch, "writes" | "controls">,
): Promise<void> {
  const specials = await state.load(writes.map(({ key }) => specialKey(key)));
  const special = writes.filter((_, i) => specials[i]!.entry?.value?.[0] === YES[0]);
  const controlled = controls.flatMap((control) => ("key" in control ? [control.key] : []));
  const own = [...special.map(({ key }) => key), ...controlled].map((key) => keyWriterKey(account, key));
  await state.load([writerKey(account), ...own]);
}

/** What an account may do in a stream; asks for loaded keys only. */
export class Access {
  readonly #state: Pick<Staging, "value">;
  readonly #id: Uint8Array;
  readonly #account: Uint8Array;

  constructor(state: Pick<Staging, "value">, id: Uint8Array, account: Uint8Array) {
    this.#state = state;
    this.#id = id;
    this.#account = account;
  }

  get isAdmin(): boolean {
    const said = this.#state.value(adminKey(this.#account));
    return said === undefined ? Buffer.compare(ownerOf(this.#id), this.#account) === 0 : said[0] === 1;
  }

  get isWriter(): boolean {
    return this.#holds(writerKey(this.#account));
  }

  isKeyWriter(key: Uint8Array): boolean {
    return this.#holds(keyWriterKey(this.#account, key));
  }

  /** Admins write everything, writers what is not special, a key's writers that key. */
  mayWrite(key: Uint8Array): boolean {
    if (this.isAdmin) return true;
    return this.#holds(specialKey(key)) ? this.isKeyWriter(key) : this.isWriter;
  }

  mayControl(control: Control): boolean {
    switch (control.kind) {
      case "renounceAdmin":
      case "renounceWriter":
      case "renounceKeyWriter":
        return true;
      case "grantWriter":
        return this.isAdmin || this.isWriter;
      case "grantKeyWriter":
        return this.isAdmin || this.isKeyWriter(control.key);
      default:
        return this.isAdmin;
    }
  }

  #holds(key: SpacedKey): boolean {
    return this.#state.value(key)?.[0] === 1;
  }
}

/** The entry that a control of an account writes. */
export function effectOf(control: Control, account: Uint8Array): readonly [SpacedKey, Buffer] {
  switch (control.kind) {
    case "grantAdmin":
      return [adminKey(control.account), YES];
    case "renounceAdmin":
      return [adminKey(account), NO];
    case "makeSpecial":
      return [specialKey(control.key), YES];
    case "makeNormal":
      return [specialKey(control.key), NO];
    case "grantWriter":
      return [writerKey(control.account), YES];
    case "revokeWriter":
      return [writerKey(control.account), NO];
    case "renounceWriter":
      return [writerKey(account), NO];
    case "grantKeyWriter":
      return [keyWriterKey(control.account, control.key), YES];
    case "revokeKeyWriter":
      return [keyWriterKey(control.account, control.key), NO];
    default:
      return [keyWriterKey(account, control.key), NO];
  }
}

function ownerOf(id: Uint8Array): Uint8Array {
  return id.subarray(0, ADDRESS_BYTES);
}

function accessKey(kind: string, ...parts: readonly Uint8Array[]): SpacedKey {
  return spacedKey(SPACES.access, Buffer.from(kind, "latin1"), ...parts);
}
