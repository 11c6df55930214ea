import { readFileSync } from "node:fs";
import { expect } from "chai";
import { layOut, segmentLeaf, unitsOf } from "../../../../keepers/storage/format/batch.ts";
import { encodeDirectory, parseDirectory } from "../../../../keepers/storage/format/directory.ts";
import { decrypt, encrypt, keyId } from "../../../../keepers/storage/format/encryption.ts";
import {
  encodeNode,
  type ManifestNode,
  manifestName,
} from "../../../../keepers/storage/format/manifestNode.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { nameOfItem, PackBuilder, parsePack } from "../../../../keepers/storage/format/pack.ts";

const DOC = new URL("../../../../docs/keepers/storage-format.md", import.meta.url);

type Vectors = Record<string, Record<string, string>>;

/** The vectors as the documentation shows them. */
function documented(): Vectors {
  const [, json] = /```json\n([\s\S]*?)```/u.exec(readFileSync(DOC, "utf8")) ?? [];
  return JSON.parse(json ?? "{}") as Vectors;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const rising = (from: number) => Uint8Array.from({ length: 32 }, (_, i) => from + i);

async function joined(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

const text = Buffer.from("hello, mycelia");
const segment = { commitment: rising(0), length: 300_000, shape: { k: 512, n: 512, rowSize: 640 } };

describe("storage: vectors of the documentation", () => {
  const vectors = documented();

  it("packs and names small objects", () => {
    const builder = new PackBuilder();
    for (const bytes of [text, Uint8Array.of(0)]) builder.add({ kind: "object", bytes });
    const { bytes } = builder.build();
    expect(vectors.pack).to.deep.equal({
      name: nameOf(nameOfItem({ kind: "object", bytes: text })),
      bytes: hex(bytes),
    });
    expect(parsePack(Buffer.from(vectors.pack!.bytes!, "hex")).entries).to.have.length(2);
  });

  it("lists segments in manifests", () => {
    const leaf = encodeNode({ level: 0, size: 300_000, segments: [segment] });
    const child = { name: manifestName(leaf), size: 300_000 };
    const index: ManifestNode = { level: 1, size: 600_000, children: [child, child] };
    const node = (bytes: Uint8Array) => ({ name: nameOf(manifestName(bytes)), bytes: hex(bytes) });
    expect(vectors.leaf).to.deep.equal(node(leaf));
    expect(vectors.index).to.deep.equal(node(encodeNode(index)));
  });

  it("encrypts, and opens what was encrypted", async () => {
    const [key, salt] = [rising(0), rising(32)];
    const sealed = await joined(encrypt([text], key, salt));
    expect(vectors.encrypted).to.deep.equal({
      key: hex(key),
      salt: hex(salt),
      keyId: hex(keyId(key)),
      bytes: hex(sealed),
    });
    const shown = Buffer.from(vectors.encrypted!.bytes!, "hex");
    expect(text.equals(await joined(decrypt([shown], key)))).to.equal(true);
  });

  it("lists files in a directory", () => {
    const bytes = encodeDirectory([
      { path: "notes/a.txt", objectRoot: rising(0), size: 14 },
      { path: "b", objectRoot: rising(32), size: 2 ** 40 },
    ]);
    expect(vectors.directory).to.deep.equal({ bytes: hex(bytes) });
    expect(parseDirectory(Buffer.from(vectors.directory!.bytes!, "hex"))[0]!.path).to.equal("b");
  });

  it("lays segments out in a batch", () => {
    const { units, root } = layOut([segment, { ...segment, commitment: rising(32) }]);
    expect(vectors.batch).to.deep.equal({
      unitsOfSegment: String(unitsOf(segment.shape)),
      firstLeaf: hex(segmentLeaf(segment, 0n)),
      units: String(units),
      root: hex(root),
    });
  });
});
