import { CONTROL_FORMS, type Control, type ControlKind } from "../../kv/format/controls.ts";
import { parseAccount, parseKey } from "./bytes.ts";

/** A control as a verb of the command line. */
export interface ControlVerb {
  readonly kind: ControlKind;
  /** "grant-key-writer". */
  readonly name: string;
  /** What it does, in a sentence. */
  readonly says: string;
  /** What it is given, in this order. */
  readonly takes: readonly ("key" | "account")[];
}

const SAYS: Readonly<Record<ControlKind, string>> = {
  grantAdmin: "make an account an admin of the stream; only itself can undo that",
  renounceAdmin: "be no admin of the stream any more",
  makeSpecial: "let only a key's own writers, and admins, write it",
  makeNormal: "let all writers of the stream write a key again",
  grantWriter: "let an account write to the stream",
  revokeWriter: "take that from it",
  renounceWriter: "be no writer of the stream any more",
  grantKeyWriter: "let an account write one special key",
  revokeKeyWriter: "take that from it",
  renounceKeyWriter: "be no writer of a key any more",
};

/** One verb for each control there is. */
export const controlVerbs: readonly ControlVerb[] = Object.entries(CONTROL_FORMS).map(
  ([kind, { hasKey, hasAccount }]) => ({
    kind: kind as ControlKind,
    name: kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    says: SAYS[kind as ControlKind],
    takes: [...(hasKey ? (["key"] as const) : []), ...(hasAccount ? (["account"] as const) : [])],
  }),
);

/** The control that a verb and its arguments say. @throws UsageError */
export function controlOf({ kind, takes }: ControlVerb, words: readonly string[], hex: boolean): Control {
  const given = takes.map((part, i) => {
    const text = words[i] ?? "";
    return [part, part === "key" ? parseKey(text, hex) : parseAccount(text)] as const;
  });
  return { kind, ...Object.fromEntries(given) } as Control;
}
