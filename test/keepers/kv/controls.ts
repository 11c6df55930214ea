import fc from "fast-check";
import type { Control } from "../../../keepers/kv/format/controls.ts";

/** Any control over some keys and accounts. */
export function anyControl(key: fc.Arbitrary<Buffer>, account: fc.Arbitrary<Buffer>): fc.Arbitrary<Control> {
  return fc.oneof(
    fc.record({
      kind: fc.constantFrom("grantAdmin" as const, "grantWriter" as const, "revokeWriter" as const),
      account,
    }),
    fc.record({ kind: fc.constantFrom("renounceAdmin" as const, "renounceWriter" as const) }),
    fc.record({
      kind: fc.constantFrom("makeSpecial" as const, "makeNormal" as const, "renounceKeyWriter" as const),
      key,
    }),
    fc.record({ kind: fc.constantFrom("grantKeyWriter" as const, "revokeKeyWriter" as const), key, account }),
  );
}
