/** Who may do what in a stream is changed by controls; the codes are those of 0G's KV. */
export type Control =
  | { readonly kind: "grantAdmin" | "grantWriter" | "revokeWriter"; readonly account: Uint8Array }
  | { readonly kind: "renounceAdmin" | "renounceWriter" }
  | { readonly kind: "makeSpecial" | "makeNormal" | "renounceKeyWriter"; readonly key: Uint8Array }
  | {
      readonly kind: "grantKeyWriter" | "revokeKeyWriter";
      readonly key: Uint8Array;
      readonly account: Uint8Array;
    };

export type ControlKind = Control["kind"];

interface ControlForm {
  readonly code: number;
  readonly hasKey: boolean;
  readonly hasAccount: boolean;
}

const form = (code: number, hasKey: boolean, hasAccount: boolean): ControlForm => ({
  code,
  hasKey,
  hasAccount,
});

/** How each control is written. */
export const CONTROL_FORMS: Readonly<Record<ControlKind, ControlForm>> = {
  grantAdmin: form(0x00, false, true),
  renounceAdmin: form(0x01, false, false),
  makeSpecial: form(0x10, true, false),
  makeNormal: form(0x11, true, false),
  grantWriter: form(0x20, false, true),
  revokeWriter: form(0x21, false, true),
  renounceWriter: form(0x22, false, false),
  grantKeyWriter: form(0x30, true, true),
  revokeKeyWriter: form(0x31, true, true),
  renounceKeyWriter: form(0x32, true, false),
};

const kinds = new Map(
  Object.entries(CONTROL_FORMS).map(([kind, { code }]) => [code, kind as ControlKind] as const),
);

/** The control with a code; undefined where there is none. */
export function controlOf(code: number): ControlKind | undefined {
  return kinds.get(code);
}
