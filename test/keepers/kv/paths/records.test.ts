import { expect } from "chai";
import fc from "fast-check";
import {
  encodeLatest,
  encodeVersionRecord,
  isPointer,
  parseLatest,
  parseRecord,
  type VersionRecord,
} from "../../../../keepers/kv/paths/records.ts";
import { codeOf } from "../../storage/codes.ts";

const objectRoot = `0x${"ab".repeat(32)}`;
const record: fc.Arbitrary<VersionRecord> = fc.record(
  {
    objectRoot: fc.constant(objectRoot),
    size: fc.maxSafeNat(),
    kind: fc.constantFrom("file", "directory"),
    encrypted: fc.constant(true),
    name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  },
  { requiredKeys: ["objectRoot", "size", "kind"] },
);

describe("kv: records of paths", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(record, (given) => {
        const parsed = parseRecord(encodeVersionRecord(given));
        expect(isPointer(parsed)).to.equal(false);
        expect({ ...parsed }).to.deep.equal({ ...given });
      }),
    );
    expect(parseLatest(encodeLatest("v2"))).to.equal("v2");
  });

  const rest = `"objectRoot":"${objectRoot}","size":1`;
  it("have one form", () => {
    expect(encodeVersionRecord({ kind: "file", size: 1, objectRoot }).toString()).to.equal(
      `{${rest},"kind":"file"}`,
    );
    for (const text of [
      `{"kind":"file",${rest}}`,
      `{${rest}, "kind":"file"}`,
      `{${rest},"kind":"file","size":1}`,
      `{${rest},"kind":"file","more":1}`,
      `{${rest},"kind":"file","encrypted":false}`,
      `{${rest},"kind":"socket"}`,
      `{${rest.toUpperCase()},"kind":"file"}`,
      `{"objectRoot":"${objectRoot}","size":-1,"kind":"file"}`,
      `{"objectRoot":"0xab","size":1,"kind":"file"}`,
      `[]`,
      `null`,
      `{`,
      ``,
      `{${rest},"kind":"file","name":"${"n".repeat(5_000)}"}`,
    ])
      expect(
        codeOf(() => parseRecord(Buffer.from(text))),
        text,
      ).to.equal("kv/bad-record");
    const bytes = Buffer.concat([
      Buffer.from(`{${rest},"kind":"file","name":"`),
      Buffer.of(0xff),
      Buffer.from(`"}`),
    ]);
    expect(
      codeOf(() => parseRecord(bytes)),
      "no UTF-8",
    ).to.equal("kv/bad-record");
  });

  it("lead on to a path in any form, when it is one", () => {
    const led = parseRecord(Buffer.from('{ "name": "AI", "by": 7, "path": "log://c/models/x/v2/" }'));
    expect(led).to.deep.equal({
      name: "AI",
      path: { cluster: "c", path: "models/x", version: "v2", isDirectory: true },
    });
    expect(codeOf(() => parseRecord(Buffer.from('{"path":"log://c/../v2/"}')))).to.equal("kv/bad-path");
    expect(codeOf(() => parseRecord(Buffer.from('{"path":"https://c/d/e"}')))).to.equal("kv/bad-path");
  });

  it("name a latest version that can be one", () => {
    for (const text of [
      '{"version":"latest"}',
      '{"version":".."}',
      '{"version":"a/b"}',
      '{"version":""}',
      '{"version": "v1"}',
      '{"version":"v1","more":1}',
      '{"version":1}',
      "v1",
    ])
      expect(
        codeOf(() => parseLatest(Buffer.from(text))),
        text,
      ).to.equal("kv/bad-record");
  });
});
